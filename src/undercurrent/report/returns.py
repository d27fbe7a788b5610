"""Views of returns: the short list, and what it leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import MONTHS, Basis
from undercurrent.planning.money import exact, shown
from undercurrent.planning.roi import Full, Line, Return, Scenario, View
from undercurrent.planning.uncertainty import InputKind, Sensitivity
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
from undercurrent.report.model import Block, Cell, Fields, Mood, Report, Table, Text
from undercurrent.report.returnsdata import planned_data
from undercurrent.report.wrapping import width
from undercurrent.workflows.returns import Planned, Study

__all__ = ["view"]

_MONTHS_SHOWN: Final = 36
"""Until something is paid back; more are shown as years."""
_BARS: Final = 15
"""Cells of a bar in the tornado."""
_HALF: Final = Decimal("0.5")
_SHOWN: Final = 12
"""Inputs that people are shown; machines get all."""

_KINDS: Final[Mapping[InputKind, str]] = MappingProxyType(
    {
        InputKind.BENEFIT: N_("{subject}: benefit"),
        InputKind.COST: N_("{subject}: cost"),
        InputKind.EFFORT: N_("{subject}: effort"),
        InputKind.FAILURE: N_("{subject}: failure"),
    }
)
_VIEWS: Final[Mapping[View, str]] = MappingProxyType(
    {
        View.SHORT: N_("as the short list counts"),
        View.DESCRIBED: N_("and what it only describes"),
        View.WITHOUT_PORTFOLIO: N_("without {portfolio}"),
        View.LABOUR: N_("with labour"),
        View.BARE: N_("with labour, without {portfolio}"),
        View.LOSSES: N_("with labour and losses, without {portfolio}"),
    }
)


def view(planned: Planned, study: Study | None = None, tracker: Path | None = None) -> Report:
    """The short list; where there is a study, also what that leaves out.

    Args:
        planned: the return.
        study: all sides of it.
        tracker: the file that planned against actual was written to.
    """
    blocks: list[Block] = [Text("\n".join(_short(planned))), *_needs(planned.result), *_evidence(planned)]
    if study:
        blocks += _study(study)
    summary = Cell(_("planned against actual is in {path}").format(path=tracker), "good") if tracker else None
    return Report("plan-roi", planned_data(planned, study), blocks, summary=summary)


# The short list


def _short(planned: Planned) -> Iterator[str]:
    result = planned.result
    head = _("===== Return on investment =====")
    yield head
    cost = cost_in_words(result.monthly, result.once, result.currency)
    yield _("Cost: {amount}").format(amount=cost if result.cost else _a_month(result))
    yield _("Benefit: {amount}").format(amount=yearly_in_words(result.yearly, result.currency))
    yield _("ROI: {percent}").format(percent=percent_in_words(result.percent))
    yield ""
    yield _("In detail:")
    for line in result.lines:
        text = f"  {named(line.action)}: {_line_cost(line, result.currency)} → {_line_return(line, result.currency)}"
        yield text + (f" ({basis_in_words(line.basis)})" if planned.coverage else "")
    for benefit in result.portfolio.benefits:
        text = f"  {benefit.name}: {yearly_in_words(benefit.yearly, result.currency)}"
        yield text + (f" ({basis_in_words(benefit.basis)})" if planned.coverage else "")
    yield "=" * (width(head) + 1)


def _a_month(result: Return) -> str:
    return _("{amount}/month").format(amount=shown(result.monthly, result.currency))


def _line_cost(line: Line, currency: str) -> str:
    return cost_in_words(line.action.monthly, line.action.once, currency)


def _line_return(line: Line, currency: str) -> str:
    return yearly_in_words(line.yearly, currency) if line.shown is None else str(line.shown)


def _needs(result: Return) -> Iterator[Block]:
    for line in result.lines:
        if line.missing:
            text = _("{action} needs what was not chosen: {names}")
            yield Text(text.format(action=named(line.action), names=listed(line.missing)), "unsure")


# What is measured


def _evidence(planned: Planned) -> Iterator[Block]:
    coverage, currency = planned.coverage, planned.result.currency
    if coverage is None:
        return
    measured = [(line, part) for line in planned.result.lines if line.worth for part in line.worth.parts]
    if measured:
        rows: list[list[Cell | str]] = [
            [
                named(line.action),
                part_in_words(part),
                yearly_in_words(part.yearly, currency),
                moment_in_words(part.share.as_of),
            ]
            for line, part in measured
        ]
        heads = [_("action"), _("counted"), _("return"), _("as of")]
        yield Table(heads, rows, _("Measured"), frozenset({2}), frozenset({0, 1}))
    others = [named(line.action) for line in planned.result.lines if line.worth is None]
    if not coverage.records:
        yield Text(_("There is no evidence yet: all figures are as the catalogue has them."), "unsure")
    elif others:
        text = _("Evidence says nothing of: {names}. Their figures are as the catalogue has them.")
        yield Text(text.format(names=listed(others)), "unsure")


# What the short list leaves out


def _study(study: Study) -> Iterator[Block]:
    full = study.full
    yield _terms(full)
    yield _rests_on(full.result)
    yield _scenarios(full)
    yield from _losing(full)
    yield _tornado(study)
    yield from _left_out(study.sensitivities)
    yield _simulated(study)


def _terms(full: Full) -> Fields:
    currency = full.result.currency
    labour = _("{days} person-days at {rate}: {amount}").format(
        days=exact(full.days), rate=shown(full.terms.day_rate, currency), amount=shown(full.labour, currency)
    )
    rows: list[tuple[str, Cell | str]] = [(_("effort"), labour)]
    if full.unknown:
        names = listed(map(named, full.unknown))
        rows.append((_("effort unknown"), Cell(_("{names}: not in any sum").format(names=names), "unsure")))
    rows.append((_("losses to be expected"), yearly_in_words(full.losses, currency)))
    rate = f"{exact((full.terms.discount_rate * 100).normalize())}%"
    rows.append((_("discount rate"), _("{rate} a year").format(rate=rate)))
    return Fields(rows, _("What the short list leaves out"))


def _rests_on(result: Return) -> Table:
    moods: Mapping[Basis, Mood] = {Basis.MEASURED: "good", Basis.ASSUMED: "", Basis.CLAIMED: "unsure"}
    figures = [(named(line.action), benefit) for line in result.lines for benefit in line.benefits]
    figures += [(NOTHING, benefit) for benefit in result.portfolio.benefits]
    rows: list[list[Cell | str]] = [
        [
            owner,
            str(benefit.name),
            shown(benefit.yearly, result.currency),
            Cell(basis_in_words(benefit.basis), moods[benefit.basis]),
        ]
        for owner, benefit in figures
    ]
    heads = [_("action"), _("what it returns"), _("a year"), _("rests on")]
    return Table(heads, rows, _("What the figures rest on"), frozenset({2}), frozenset({0, 1}))


def _scenarios(full: Full) -> Table:
    currency = full.result.currency
    rows: list[list[Cell | str]] = [
        [
            _scenario_name(scenario, full),
            _about(scenario.yearly, currency),
            _about(scenario.cost, currency),
            _signed(percent_in_words(scenario.percent), scenario.net),
            _payback(scenario.payback_months),
            _signed(_about(scenario.npv, currency), scenario.npv),
        ]
        for scenario in full.scenarios
    ]
    years = full.terms.years
    value = ngettext("value, {count} year", "value, {count} years", years).format(count=years)
    heads = [_("counted"), _("a year"), _("cost, 1st year"), _("return"), _("paid back"), value]
    return Table(heads, rows, _("The same actions"), frozenset({1, 2, 3, 4, 5}), frozenset({0}))


def _scenario_name(scenario: Scenario, full: Full) -> str:
    own = listed(str(benefit.name) for benefit in full.result.portfolio.benefits)
    return _(_VIEWS[scenario.view]).format(portfolio=own)


def _signed(text: str, amount: Decimal) -> Cell:
    return Cell(text, "bad" if amount < 0 else "")


def _payback(months: int | None) -> Cell | str:
    if months is None:
        return Cell(_("never"), "bad")
    if months > _MONTHS_SHOWN:
        years = -(-months // MONTHS)
        return ngettext("{count} year", "{count} years", years).format(count=f"{years:,}")
    return ngettext("{count} month", "{count} months", months).format(count=months) if months else _("at once")


def _losing(full: Full) -> Iterator[Block]:
    """Says plainly which ways to look at it end below nothing."""
    lines = [
        _("{counted}: the first year loses {amount}").format(
            counted=_sentence(_scenario_name(scenario, full)), amount=_about(-scenario.net, full.result.currency)
        )
        for scenario in full.scenarios
        if scenario.net < 0
    ]
    if lines:
        yield Text("\n".join(lines), "bad")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _about(amount: Decimal, currency: str) -> str:
    """To the whole unit: these are estimates."""
    return shown(amount.to_integral_value(ROUND_HALF_UP), currency)


def _between(low: Decimal, high: Decimal, currency: str) -> str:
    return _("{low} to {high}").format(low=_about(low, currency), high=_about(high, currency))


def _tornado(study: Study) -> Table:
    currency = study.full.result.currency
    found = study.sensitivities[:_SHOWN]
    ends = [end for one in found for end in (one.low, one.high)]
    rows: list[list[Cell | str]] = [
        [
            _(_KINDS[one.input.kind]).format(subject=one.input.subject),
            _between(one.input.low, one.input.high, currency),
            _signed(_about(one.low, currency), one.low),
            _signed(_about(one.high, currency), one.high),
            _bar(one, study.likely, ends),
        ]
        for one in found
    ]
    heads = [_("figure"), _("from … to"), _("value"), _("… to"), ""]
    title = _("What each figure does to the net present value ({amount})")
    title = title.format(amount=_about(study.likely, currency))
    return Table(heads, rows, title, frozenset({1, 2, 3}), frozenset({0}))


def _bar(one: Sensitivity, middle: Decimal, ends: Sequence[Decimal]) -> str:
    low, high = min(one.low, one.high), max(one.low, one.high)
    least, most = min(*ends, middle), max(*ends, middle)

    def cell(value: Decimal) -> int:
        return int((value - least) * (_BARS - 1) / (most - least)) if most > least else 0

    drawn = [" "] * _BARS
    drawn[cell(low) : cell(high) + 1] = "━" * (cell(high) - cell(low) + 1)
    drawn[cell(middle)] = "┃"
    return "".join(drawn)


def _left_out(found: Sequence[Sensitivity]) -> Iterator[Block]:
    more = len(found) - _SHOWN
    if more > 0:
        text = ngettext("and {count} figure that does less", "and {count} figures that do less", more)
        yield Text(text.format(count=more), "quiet")


def _simulated(study: Study) -> Table:
    full, simulation = study.full, study.simulation
    own = listed(str(benefit.name) for benefit in full.result.portfolio.benefits)
    drawn = [(_("everything"), simulation)]
    drawn += [(_("without {portfolio}").format(portfolio=own), study.bare)] if study.bare else []
    rows: list[list[Cell | str]] = [
        [
            name,
            *(_signed(_about(value, full.result.currency), value) for value in (one.p5, one.p50, one.p95)),
            Cell(_share(one.loss), "bad" if one.loss > _HALF else ""),
        ]
        for name, one in drawn
    ]
    heads = [_("counted"), "5%", "50%", "95%", _("ends in a loss")]
    title = _("Net present value when all of them vary: {runs} futures, seed {seed}")
    title = title.format(runs=f"{simulation.runs:,}", seed=simulation.seed)
    return Table(heads, rows, title, frozenset({1, 2, 3, 4}), frozenset({0}))


def _share(share: Decimal) -> str:
    return f"{(share * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"
