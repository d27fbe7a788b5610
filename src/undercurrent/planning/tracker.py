"""A Markdown file of planned against actual, in which whatever a person wrote stays where it is.

What is written here stands between two comments, ``<!-- uc:begin sign -->`` and ``<!-- uc:end sign -->``; all else in
the file is theirs, to the byte. A new action comes at the end; what was written here about an action that is not asked
for stays as it was.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Catalogue
from undercurrent.planning.money import exact, shown
from undercurrent.planning.roi import Line, Return
from undercurrent.planning.words import (
    NOTHING,
    basis_in_words,
    cost_in_words,
    moment_in_words,
    named,
    part_in_words,
    percent_in_words,
    yearly_in_words,
)

__all__ = ["merged", "tracker"]

_MARK: Final = re.compile(r"[ \t]*<!-- uc:(?P<end>begin|end) (?P<name>[^\s<>]+) -->[ \t]*\r?")
_SUMS: Final = "sums"
_HOW: Final = N_(
    "`uc plan roi --track` writes what stands between the hidden comments. What you write elsewhere in this file stays."
)


def tracker(catalogue: Catalogue, result: Return, old: str = "") -> str:
    """The file.

    Args:
        catalogue: where the actions are.
        result: their return; what evidence says of it is the actual one.
        old: what the file says now.

    Raises:
        UsageError: ``old`` is another file, or its comments are not in pairs.
    """
    sums = f"{_SUMS}:{catalogue.id}"
    regions = {sums: "\n".join(_sums(catalogue, result))}
    regions |= {line.action.id: "\n".join(_action(line, result.currency)) for line in result.lines}
    return merged(old, regions, sums)


def merged(old: str, regions: Mapping[str, str], first: str) -> str:
    """``old`` with these regions brought up to date, and those that it lacks at its end.

    Args:
        old: what the file says now; its line ends are kept.
        regions: what stands between the comments, by their name.
        first: the region by which the file is known.

    Raises:
        UsageError: ``old`` has text, and not the region ``first``; or its comments are not in pairs.
    """
    newline = "\r\n" if "\r\n" in old else "\n"
    written = {name: _region(name, text, newline) for name, text in regions.items()}
    parts = list(_parts(old))
    there = {name for name, _text in parts if name}
    if old.strip() and first not in there:
        raise UsageError(
            _("`uc plan roi --track` did not write this file for catalogue {name}").format(
                name=first.removeprefix(f"{_SUMS}:")
            ),
            hint=_("choose another name, or move the file away: what people wrote is not overwritten"),
        )
    text = "".join(written.get(name, part) for name, part in parts)
    for name, region in written.items():
        if name not in there:
            gap = "" if not text else newline if text.endswith("\n") else newline * 2
            text += gap + region
    return text


def _region(name: str, text: str, newline: str) -> str:
    lines = [f"<!-- uc:begin {name} -->", *text.splitlines(), f"<!-- uc:end {name} -->"]
    return "".join(line + newline for line in lines)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The regions by name, and what is between them by "", in order."""
    name, held, seen = "", "", set[str]()
    for number, line in enumerate(StringIO(text), 1):  # which splits at line feeds alone
        mark = _MARK.fullmatch(line.removesuffix("\n"))
        if mark is None:
            held += line
            continue
        begins = mark["end"] == "begin"
        if begins == bool(name) or (not begins and mark["name"] != name) or (begins and mark["name"] in seen):
            raise UsageError(
                _("line {line}: the comment `uc:{end} {name}` is not one of a pair").format(
                    line=number, end=mark["end"], name=mark["name"]
                ),
                hint=_("put the comments back in pairs, one for each action, or move the file away"),
            )
        if begins:
            yield "", held
            name, held = mark["name"], line
            seen.add(name)
        else:
            yield name, held + line
            name, held = "", ""
    if name:
        raise UsageError(
            _("the comment `uc:end {name}` is missing").format(name=name),
            hint=_("put the comments back in pairs, one for each action, or move the file away"),
        )
    yield "", held


def _sums(catalogue: Catalogue, result: Return) -> Iterator[str]:
    currency, portfolio = result.currency, result.portfolio
    yield "# " + _("Returns: {title}").format(title=_safe(str(catalogue.title)))
    yield ""
    yield "> " + _(_HOW)
    yield ""
    heads = [_("action"), _("planned cost"), _("planned return"), _("rests on"), _("actual return"), _("as of")]
    yield _row(heads)
    yield "|---|---:|---:|---|---:|---|"
    for line in result.lines:
        actual = yearly_in_words(line.worth.yearly, currency) if line.worth else NOTHING
        yield _row(
            [
                named(line.action),
                cost_in_words(line.action.monthly, line.action.once, currency),
                _planned(line, currency),
                basis_in_words(line.planned.basis),
                actual,
                moment_in_words(line.worth.as_of if line.worth else None),
            ]
        )
    for benefit in portfolio.benefits:
        amount = yearly_in_words(benefit.yearly, currency)
        yield _row([str(benefit.name), NOTHING, amount, basis_in_words(benefit.basis), NOTHING, NOTHING])
    if portfolio.monthly:
        cost = cost_in_words(portfolio.monthly, Decimal(0), currency)
        yield _row([_("all together"), cost, NOTHING, NOTHING, NOTHING, NOTHING])
    yield ""
    yield "- " + _sum(_("planned: {cost} → {benefit}, ROI {percent}"), result.planned)
    if any(line.worth for line in result.lines):
        yield "- " + _sum(_("with what is measured: {cost} → {benefit}, ROI {percent}"), result)


def _sum(text: str, result: Return) -> str:
    return text.format(
        cost=cost_in_words(result.monthly, result.once, result.currency),
        benefit=yearly_in_words(result.yearly, result.currency),
        percent=percent_in_words(result.percent),
    )


def _planned(line: Line, currency: str) -> str:
    return str(line.action.shown) if line.action.shown else yearly_in_words(line.action.yearly, currency)


def _action(line: Line, currency: str) -> Iterator[str]:
    action = line.action
    yield f"## {_safe(named(action))}"
    yield ""
    effort = _("{days} person-days").format(days=exact(action.days)) if action.days is not None else _("effort unknown")
    cost = cost_in_words(action.monthly, action.once, currency)
    yield "- " + _("planned: {cost}, {effort} → {benefit}").format(
        cost=cost, effort=effort, benefit=_safe(_planned(line, currency))
    )
    for benefit in action.benefits:
        text = _("{name}: {amount} ({basis})")
        amount = yearly_in_words(benefit.yearly, currency)
        basis = basis_in_words(benefit.basis)
        yield "    - " + text.format(name=_safe(str(benefit.name)), amount=amount, basis=basis)
    if action.failures:
        names = listed(_safe(str(failure.name)) for failure in action.failures)
        yield "- " + _("may go wrong: {names}; {amount} to be expected").format(
            names=names, amount=yearly_in_words(action.risk, currency)
        )
    yield from _actual(line, currency)


def _actual(line: Line, currency: str) -> Iterator[str]:
    if line.worth is None:
        yield "- " + _("actual: no evidence")
        return
    for part in line.worth.parts:
        yield "- " + _("actual: {counted} → {amount}, as of {when}").format(
            counted=part_in_words(part),
            amount=yearly_in_words(part.yearly, currency),
            when=moment_in_words(part.share.as_of),
        )
    difference = line.worth.yearly - line.action.yearly
    sign = "+" if difference > 0 else ""
    yield "- " + _("actual less planned: {amount}").format(amount=sign + shown(difference, currency))


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_safe(cell).replace("|", "\\|") for cell in cells) + " |"


def _safe(text: str) -> str:
    """One line in which no comment begins."""
    return " ".join(text.split()).replace("<!--", "&lt;!--")
