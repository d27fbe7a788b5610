"""What the plan costs and returns, what it looks like with everything counted in, and how sure that is."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import MONTHS, Basis, Profile
from undercurrent.planning.money import shown
from undercurrent.planning.roi import Full, Line, Scenario, View
from undercurrent.planning.uncertainty import InputKind, Sensitivity, Simulation
from undercurrent.planning.words import basis_in_words
from undercurrent.report.model import Mood
from undercurrent.report.page.charts.tornado import Bar, tornado
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import Column, Value, badge, fact, figure, section, table
from undercurrent.workflows.returns import Study

__all__ = ["basis", "returns"]

_MOODS: Final[dict[Basis, Mood]] = {Basis.ASSUMED: "", Basis.CLAIMED: "unsure", Basis.MEASURED: "good"}
_VIEWS: Final = {
    View.SHORT: N_("as the short sum has it"),
    View.DESCRIBED: N_("with returns that it only describes"),
    View.WITHOUT_PORTFOLIO: N_("without benefits that belong to no action"),
    View.LABOUR: N_("with labour"),
    View.BARE: N_("with labour, without benefits that belong to no action"),
    View.LOSSES: N_("with labour and losses to be expected, without benefits that belong to no action"),
}
_INPUTS: Final = {
    InputKind.BENEFIT: N_("benefit"),
    InputKind.COST: N_("cost"),
    InputKind.EFFORT: N_("effort"),
    InputKind.FAILURE: N_("failure"),
}
_BARS: Final = 8
_CENTS_MATTER: Final = 100
_LONG: Final = 10 * MONTHS
"""Months of which nobody counts on more."""


def returns(study: Study, profile: Profile | None) -> Element:
    """The section.

    Args:
        study: what the plan returns.
        profile: whose choice the plan is; None where it is all that there is.
    """
    full, simulation = study.full, study.simulation

    def money(amount: Decimal) -> str:
        # What is reckoned over years is not known to the cent.
        return shown(amount.to_integral_value(ROUND_HALF_UP) if abs(amount) >= _CENTS_MATTER else amount, currency)

    currency = full.result.currency
    lead = [_("Amounts come from the catalogue unless they are marked as measured.")]
    if profile:
        lead.insert(0, _("What the profile {name} takes.").format(name=profile.name) + " ")
    return section(
        "returns",
        _("Returns"),
        lead,
        _facts(full, simulation, money),
        _lines(full, money),
        _scenarios(full.scenarios, money),
        _tornado(study.sensitivities, study.likely, money) if study.sensitivities else None,
    )


def basis(of: Basis) -> Element:
    """What a figure rests on, in a word."""
    return badge(basis_in_words(of), _MOODS[of])


def _facts(full: Full, simulation: Simulation, money: Callable[[Decimal], str]) -> Element:
    result = full.result
    ratio = "–" if result.percent is None else f"{result.percent:,}%"
    last = full.scenarios[-1]
    interval = _("between {low} and {high} in 90 % of {runs} simulated futures; {loss}% lose money").format(
        low=money(simulation.p5),
        high=money(simulation.p95),
        runs=f"{simulation.runs:,}",
        loss=f"{simulation.loss * 100:.0f}",
    )
    return e(
        "dl",
        fact(_("cost a month"), money(result.monthly)),
        fact(_("return a year"), money(result.yearly)),
        fact(_("ROI of the first year"), ratio, _("without labour")),
        fact(_("first year, all counted"), money(last.net), _(_VIEWS[last.view]), bad=last.net < 0),
        fact(_("net present value"), money(simulation.p50), interval, bad=simulation.p50 < 0),
        class_="facts",
    )


def _lines(full: Full, money: Callable[[Decimal], str]) -> Element:
    result = full.result
    columns = [
        Column(_("action")),
        Column(_("cost a month"), "number"),
        Column(_("once"), "number"),
        Column(_("person-days"), "number"),
        Column(_("return a year"), "number"),
        Column(_("rests on")),
    ]
    rows: list[list[Value | Child]] = [_line(line, money) for line in result.lines]
    rows += [
        [str(benefit.name), "–", "–", "–", Value(money(benefit.yearly), benefit.yearly), basis(benefit.basis)]
        for benefit in result.portfolio.benefits
    ]
    total = [
        _("sum"),
        money(result.monthly),
        money(result.once),
        f"{full.days:f}",
        money(result.yearly),
        "",
    ]
    return table(_("What each action costs and returns"), columns, rows, total=total)


def _line(line: Line, money: Callable[[Decimal], str]) -> list[Value | Child]:
    action = line.action
    words = str(line.shown) if line.shown else money(line.yearly)
    return [
        f"{action.number} {action.name}".strip(),
        Value(money(action.monthly), action.monthly),
        Value(money(action.once), action.once),
        Value("–" if action.days is None else f"{action.days:f}", "" if action.days is None else action.days),
        Value(words, line.yearly),
        basis(line.basis),
    ]


def _scenarios(scenarios: Sequence[Scenario], money: Callable[[Decimal], str]) -> Element:
    columns = [
        Column(_("way to look at it"), "", roomy=True),
        Column(_("cost of the first year"), "number"),
        Column(_("return a year"), "number"),
        Column(_("left after the first year"), "number"),
        Column(_("pays back after"), "number"),
        Column(_("net present value"), "number"),
    ]
    rows: list[list[Value | Child]] = [
        [
            _(_VIEWS[scenario.view]),
            Value(money(scenario.cost), scenario.cost),
            Value(money(scenario.yearly), scenario.yearly),
            Value(money(scenario.net), scenario.net),
            _payback(scenario.payback_months),
            Value(money(scenario.npv), scenario.npv),
        ]
        for scenario in scenarios
    ]
    return table(_("The same, from the friendliest to the soberest way to look at it"), columns, rows)


def _payback(months: int | None) -> Value:
    if months is None:
        return Value(_("never"), "")
    if months > _LONG:
        return Value(_("over {count} years").format(count=_LONG // MONTHS), months)
    return Value(ngettext("{count} month", "{count} months", months).format(count=months), months)


def _tornado(sensitivities: Sequence[Sensitivity], base: Decimal, money: Callable[[Decimal], str]) -> Element:
    title = _("What the result hangs on")
    bars = [Bar(_input(one), float(one.low), float(one.high)) for one in sensitivities[:_BARS]]
    told = "; ".join(f"{_input(one)}: {money(one.low)} … {money(one.high)}" for one in sensitivities[:_BARS])
    caption = _(
        "The net present value when one assumption alone is as low or as high as it may be. "
        "The line is what is most likely."
    )
    columns = [Column(_("assumption")), Column(_("where it is low"), "number"), Column(_("where it is high"), "number")]
    rows: list[list[Value | Child]] = [
        [_input(one), Value(money(one.low), one.low), Value(money(one.high), one.high)] for one in sensitivities
    ]
    return figure(
        "tornado",
        lambda name, width: tornado(
            name, title, told, bars, float(base), lambda value: money(Decimal(round(value))), width
        ),
        caption,
        _legend(),
        e("details", e("summary", _("The same as a table")), table(title, columns, rows)),
        title=title,
    )


def _legend() -> Element:
    """Which colour is which end of an assumption."""
    return e(
        "p",
        [
            e(
                "span",
                e("svg", e("rect", width=14, height=10, class_=end), viewBox="0 0 14 10", aria_hidden="true"),
                words,
            )
            for end, words in (("low", _("where it is low")), ("high", _("where it is high")))
        ],
        class_="legend",
    )


def _input(one: Sensitivity) -> str:
    return _("{what}: {name}").format(what=_(_INPUTS[one.input.kind]), name=one.input.subject)
