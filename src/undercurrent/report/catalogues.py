"""Views of catalogues: which there are, and everything that one says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.aging import STALE_DAYS, oldest, stale
from undercurrent.planning.catalogue import Action, Catalogue, Window, WindowKind
from undercurrent.planning.loading import BUILTIN, Catalogues
from undercurrent.planning.money import exact, shown
from undercurrent.report.cataloguedata import catalogue_data, read_data, summary_data
from undercurrent.report.model import Block, Cell, Fields, Report, Table, Text, Tree

__all__ = ["checked", "notices", "origin", "view", "view_all", "window_kind"]

_KINDS: Final[Mapping[WindowKind, str]] = MappingProxyType(
    {"last-day": N_("last day"), "begins": N_("begins"), "ends": N_("ends")}
)


def origin(catalogue: Catalogue) -> str:
    """Where a catalogue comes from, in words."""
    return _("built-in") if catalogue.origin in BUILTIN else catalogue.origin


def window_kind(kind: WindowKind) -> str:
    """What a date is, in words."""
    return _(_KINDS[kind])


def notices(catalogues: Iterable[Catalogue], day: date) -> Iterator[Text]:
    """A line for each catalogue that says something which was read too long ago to be relied upon."""
    for catalogue in catalogues:
        if found := stale(catalogue, day):
            first = found[0]
            text = ngettext(
                "{catalogue}: {count} source was read more than {days} days ago, {id} on {date}: look again",
                "{catalogue}: {count} sources were read more than {days} days ago, the oldest ({id}) on {date}: "
                "look again",
                len(found),
            )
            facts = {"catalogue": catalogue.id, "count": len(found), "id": first.id, "date": first.source.read}
            yield Text(text.format(days=STALE_DAYS, **facts), "unsure")


def view_all(catalogues: Catalogues, day: date) -> Report:
    """Which catalogues there are, what is in them, and how old that is."""
    data = {
        "catalogues": [summary_data(catalogue, day) for catalogue in catalogues.all],
        "left_out": [
            {"code": one.code, "message": one.message, "hint": one.hint}
            for error in catalogues.left_out
            for one in (error, *error.also)
        ],
    }
    hint = Text(_("`uc plan catalogue show ID` shows one of them"), "quiet")
    return Report("plan-catalogues", data, [_table(catalogues.all, day), *notices(catalogues.all, day), hint])


def checked(catalogues: Sequence[Catalogue], day: date) -> Report:
    """What is in catalogues that can be used."""
    data = {"catalogues": [summary_data(catalogue, day) for catalogue in catalogues]}
    blocks: list[Block] = [_table(catalogues, day), *notices(catalogues, day)]
    text = ngettext("the catalogue can be used", "all {count} catalogues can be used", len(catalogues))
    return Report("plan-catalogue-check", data, blocks, summary=Cell(text.format(count=len(catalogues)), "good"))


def view(catalogue: Catalogue, day: date) -> Report:
    """Everything that a catalogue says."""
    data = {**catalogue_data(catalogue), "stale": [read_data(read, day) for read in stale(catalogue, day)]}
    return Report("plan-catalogue", data, [_head(catalogue), *_parts(catalogue), *notices([catalogue], day)])


def _table(catalogues: Sequence[Catalogue], day: date) -> Table:
    rows = [_row(catalogue, day) for catalogue in catalogues]
    heads = [_("catalogue"), _("title"), _("from"), _("actions"), _("windows"), _("lists"), _("claims"), _("read")]
    return Table(heads, rows, right=frozenset({3, 4, 5, 6}), squeeze=frozenset({1, 2}))


def _row(catalogue: Catalogue, day: date) -> list[Cell | str]:
    counts = map(len, (catalogue.actions, catalogue.windows, catalogue.checklists, catalogue.claims))
    read = str(oldest(catalogue).source.read)
    return [
        Cell(catalogue.id, "strong"),
        str(catalogue.title),
        origin(catalogue),
        *map(str, counts),
        Cell(read, "unsure" if stale(catalogue, day) else ""),
    ]


def _head(catalogue: Catalogue) -> Fields:
    portfolio, currency = catalogue.portfolio, catalogue.currency
    rows: list[tuple[str, Cell | str]] = [
        (_("title"), str(catalogue.title)),
        (_("from"), origin(catalogue)),
        (_("source"), catalogue.source.text),
        (_("read"), str(catalogue.source.read)),
        (_("currency"), currency),
    ]
    if portfolio.monthly:
        rows.append(
            (_("cost of all together"), _("{amount} a month").format(amount=shown(portfolio.monthly, currency)))
        )
    rows += [
        (str(benefit.name), _("{amount} a year").format(amount=shown(benefit.yearly, currency)))
        for benefit in portfolio.benefits
    ]
    return Fields(rows)


def _parts(catalogue: Catalogue) -> Iterator[Block]:
    if catalogue.actions:
        yield _actions(catalogue)
    if catalogue.windows:
        yield _windows(catalogue.windows)
    if catalogue.profiles:
        heads = [_("profile"), _("name"), _("risk a year, at most")]
        rows = [[one.id, str(one.name), shown(one.risk, catalogue.currency)] for one in catalogue.profiles]
        yield Table(heads, rows, _("Profiles"), frozenset({2}))
    if catalogue.checklists:
        heads = [_("checklist"), _("title"), _("items")]
        lists = [
            [one.id, str(one.title), str(sum(len(section.items) for section in one.sections))]
            for one in catalogue.checklists
        ]
        yield Table(heads, lists, _("Checklists"), frozenset({2}), frozenset({1}))
    if catalogue.claims:
        text = ngettext(
            "{count} claim: `uc plan claims` tells what is known of it",
            "{count} claims: `uc plan claims` tells what is known of them",
            len(catalogue.claims),
        )
        yield Text(text.format(count=len(catalogue.claims)), "quiet")


def _actions(catalogue: Catalogue) -> Table:
    heads = [_("id"), _("action"), _("days"), _("cost"), _("a year"), _("risk")]
    rows: list[list[Cell | str]] = [
        [
            Cell(action.id, "strong"),
            _named(action),
            "?" if action.days is None else exact(action.days),
            _cost(action, catalogue.currency),
            shown(action.yearly, catalogue.currency),
            shown(action.risk, catalogue.currency),
        ]
        for action in catalogue.actions
    ]
    return Table(heads, rows, _("Actions"), frozenset({2, 3, 4, 5}), frozenset({1}))


def _named(action: Action) -> str:
    name = f"{action.number} {action.name}"
    return _("{name} (needs {names})").format(name=name, names=listed(action.needs)) if action.needs else name


def _cost(action: Action, currency: str) -> str:
    parts = []
    if action.once:
        parts.append(_("{amount} once").format(amount=shown(action.once, currency)))
    if action.monthly:
        parts.append(_("{amount} a month").format(amount=shown(action.monthly, currency)))
    return ", ".join(parts) or "-"


def _windows(windows: Iterable[Window]) -> Tree:
    branches = []
    for window in sorted(windows, key=lambda window: window.day):
        children = [Tree(_("for: {actions}").format(actions=listed(window.actions)))] if window.actions else []
        if window.binds:
            children.append(Tree(_("binds: {whom}").format(whom=window.binds)))
        if window.source:
            text = _("read {date}: {source}").format(date=window.source.read, source=window.source.text)
            children.append(Tree(Cell(text, "quiet")))
        label = _("{day} {kind}: {name}").format(day=window.day, kind=window_kind(window.kind), name=window.name)
        branches.append(Tree(label, children))
    return Tree(Cell(_("Windows"), "strong"), branches)
