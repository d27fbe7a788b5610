"""Reads catalogues: the built-in ones, and those that the settings name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent import tomlfile
from undercurrent.errors import ConfigError, NotFound, UndercurrentError, together
from undercurrent.i18n import translate as _
from undercurrent.planning import tables
from undercurrent.planning.catalogue import (
    Action,
    Benefit,
    Catalogue,
    Checklist,
    Claim,
    Failure,
    Item,
    Label,
    Portfolio,
    Profile,
    Requirement,
    Section,
    Source,
    Valued,
    Window,
)
from undercurrent.planning.checking import faults
from undercurrent.settings import Settings

__all__ = ["BUILTIN", "Catalogues", "builtin", "load", "read_catalogue", "read_catalogues"]

BUILTIN: Final = ("2025-undercurrents", "today")
"""Ids of the catalogues that come along."""

_DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The catalogues that can be used.

    Attributes:
        all: built-in ones first, then the user's, as the settings name them.
        left_out: what was wrong with the others.
    """

    all: tuple[Catalogue, ...]
    left_out: tuple[UndercurrentError, ...] = ()

    def find(self, name: str) -> Catalogue:
        """The one with this id.

        Raises:
            NotFound: there is none.
        """
        for catalogue in self.all:
            if catalogue.id == name:
                return catalogue
        raise NotFound(
            _("there is no catalogue {name!r}").format(name=name),
            hint=tomlfile.suggestion(name, [catalogue.id for catalogue in self.all]),
        )


def load(settings: Settings, *, keep_going: bool = False) -> Catalogues:
    """The built-in catalogues and those that the settings name.

    Args:
        settings: name the user's files.
        keep_going: leave out those that cannot be used, and say so, instead of raising.

    Raises:
        ConfigError: a file cannot be used; ``also`` has what else is wrong with it and with the others.
    """
    found, wrong = _read(settings.planning.catalogues, [builtin(name) for name in BUILTIN])
    if wrong and not keep_going:
        raise together(wrong)
    return Catalogues(tuple(found), tuple(wrong))


def builtin(name: str) -> Catalogue:
    """The catalogue ``name``, one of `BUILTIN`."""
    return _catalogue(tomlfile.read(_DATA / f"{name}.toml", exact=True), name)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue at ``path``.

    Raises:
        ConfigError: it cannot be read, or something in it is wrong; ``also`` has what else is.
    """
    return _catalogue(tomlfile.read(path, exact=True), str(path))


def read_catalogues(paths: Iterable[Path]) -> tuple[Catalogue, ...]:
    """The catalogues at ``paths``, which may be used together with the built-in ones.

    Raises:
        ConfigError: something is wrong with one of them; ``also`` has what else is, in all of them.
    """
    builtins = [builtin(name) for name in BUILTIN]
    found, wrong = _read(paths, builtins)
    if wrong:
        raise together(wrong)
    return tuple(found[len(builtins) :])


def _read(paths: Iterable[Path], builtins: Sequence[Catalogue]) -> tuple[list[Catalogue], list[ConfigError]]:
    found, wrong = list(builtins), list[ConfigError]()
    for path in paths:
        try:
            catalogue = read_catalogue(path)
            if other := next((other for other in found if other.id == catalogue.id), None):
                raise _taken(catalogue, other)
        except ConfigError as error:
            wrong.append(error)
        else:
            found.append(catalogue)
    return found, wrong


def _taken(catalogue: Catalogue, other: Catalogue) -> ConfigError:
    built_in = _("{path}: the built-in catalogue has the id {name!r}")
    message = built_in if other.id == other.origin else _("{path}: {other} has the id {name!r}, too")
    return ConfigError(
        message.format(path=catalogue.origin, other=other.origin, name=catalogue.id),
        hint=_("give it an id of its own"),
    )


def _catalogue(document: tomlfile.Document, origin: str) -> Catalogue:
    table = document.checked(tables.CatalogueTable)
    document.refuse(faults(table))
    source = _source(table.source)
    return Catalogue(
        id=table.id,
        title=_label(table.title),
        currency=table.currency,
        source=source,
        portfolio=Portfolio(table.portfolio.monthly, tuple(map(_benefit, table.portfolio.benefit))),
        profiles=tuple(sorted(map(_profile, table.profile), key=lambda profile: profile.risk)),
        actions=tuple(map(_action, table.action)),
        windows=tuple(_window(window, source) for window in table.window),
        checklists=tuple(_checklist(checklist, source) for checklist in table.checklist),
        claims=tuple(map(_claim, table.claim)),
        origin=origin,
    )


def _label(table: tables.LabelTable) -> Label:
    return Label(table.zh, table.en)


def _maybe(table: tables.LabelTable | None) -> Label | None:
    return _label(table) if table else None


def _source(table: tables.SourceTable) -> Source:
    return Source(table.text, table.read, table.confidence)


def _benefit(table: tables.BenefitTable) -> Benefit:
    return Benefit(table.id, _label(table.name), table.yearly, table.basis)


def _profile(table: tables.ProfileTable) -> Profile:
    return Profile(table.id, _label(table.name), table.risk, table.money, table.days)


def _action(table: tables.ActionTable) -> Action:
    return Action(
        id=table.id,
        number=table.number,
        name=_label(table.name),
        needs=tuple(table.needs),
        days=table.days,
        once=table.once,
        monthly=table.monthly,
        benefits=tuple(map(_benefit, table.benefit)),
        shown=_maybe(table.shown),
        failures=tuple(Failure(_label(one.name), one.probability, one.impact) for one in table.failure),
        caution=_maybe(table.caution),
        months=table.months,
        first=_maybe(table.first),
        valued=tuple(Valued(one.measure, one.each, one.unit) for one in table.valued),
        done=_requirement(table.done),
    )


def _window(table: tables.WindowTable, default: Source) -> Window:
    source = _source(table.source) if table.source else default
    return Window(
        table.id, table.day, table.kind, _label(table.name), tuple(table.actions), _maybe(table.binds), source
    )


def _checklist(table: tables.ChecklistTable, default: Source) -> Checklist:
    sections = (
        Section(section.id, _label(section.title), tuple(map(_item, section.item)), section.due)
        for section in table.section
    )
    source = _source(table.source) if table.source else default
    return Checklist(table.id, _label(table.title), tuple(sections), table.due, source)


def _item(table: tables.ItemTable) -> Item:
    return Item(table.id, _label(table.text), table.due, _requirement(table.requirement), table.given)


def _requirement(table: tables.RequirementTable | None) -> Requirement | None:
    return Requirement(table.measure, table.at_least, table.percent) if table else None


def _claim(table: tables.ClaimTable) -> Claim:
    return Claim(
        table.id,
        _label(table.statement),
        table.status,
        _label(table.finding),
        _source(table.source),
        tuple(table.actions),
    )
