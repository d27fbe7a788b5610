"""What actions cost and return: the short sum, and what that looks like once labour, claims and time are counted too.

Sums are exact (fractions of decimals) and rounded once, where they leave this module: half away from zero, as money is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from undercurrent.errors import NotFound
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import MONTHS, Action, Basis, Benefit, Catalogue, Failure, Label, Portfolio
from undercurrent.planning.rounding import rounded
from undercurrent.planning.valuing import Worth
from undercurrent.tomlfile import suggestion

__all__ = ["Full", "Line", "Return", "Scenario", "Terms", "View", "full", "returns"]

_RATIO: Final = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One action of a sum.

    Attributes:
        action: what is done.
        worth: what evidence makes of its benefits; None where it says nothing.
        missing: ids of what has to be done before, and was not chosen.
    """

    action: Action
    worth: Worth | None = None
    missing: tuple[str, ...] = ()

    @property
    def benefits(self) -> tuple[Benefit, ...]:
        """What it returns: as measured, else as the catalogue has it."""
        if self.worth is None:
            return self.action.benefits
        return (Benefit("measured", self.action.name, self.worth.yearly, Basis.MEASURED),)

    @property
    def yearly(self) -> Decimal:
        """What it returns in a year."""
        return sum((benefit.yearly for benefit in self.benefits), Decimal(0))

    @property
    def basis(self) -> Basis:
        """What its return rests on: the weakest of its parts."""
        return _weakest(self.benefits)

    @property
    def planned(self) -> "Line":
        """The same as the catalogue has it, whatever evidence says."""
        return replace(self, worth=None)

    @property
    def shown(self) -> Label | None:
        """What stands for the amount; such a return is in no short sum."""
        return self.action.shown if self.worth is None else None


def _weakest(benefits: Sequence[Benefit]) -> Basis:
    """Of nothing, what is assumed: that it is nothing."""
    found = {benefit.basis for benefit in benefits}
    order = (Basis.CLAIMED, Basis.ASSUMED, Basis.MEASURED)
    return next((basis for basis in order if basis in found), Basis.ASSUMED)


@dataclass(frozen=True, slots=True)
class Return:
    """The short sum: what is paid every month and once, without labour, and what comes back in a year.

    Attributes:
        lines: the actions, in the order in which they were asked for.
        portfolio: what belongs to all of them together.
        currency: of all amounts.
    """

    lines: tuple[Line, ...]
    portfolio: Portfolio
    currency: str

    @property
    def monthly(self) -> Decimal:
        """Paid every month."""
        return sum((line.action.monthly for line in self.lines), self.portfolio.monthly)

    @property
    def once(self) -> Decimal:
        """Paid once."""
        return sum((line.action.once for line in self.lines), Decimal(0))

    @property
    def yearly(self) -> Decimal:
        """Returned in a year: of all whose amount is shown, and of the portfolio."""
        own = sum((benefit.yearly for benefit in self.portfolio.benefits), Decimal(0))
        return sum((line.yearly for line in self.lines if line.shown is None), own)

    @property
    def described(self) -> Decimal:
        """Returned in a year by those whose amount is not shown: in no short sum."""
        return sum((line.yearly for line in self.lines if line.shown is not None), Decimal(0))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What may go wrong."""
        return tuple(failure for line in self.lines for failure in line.action.failures)

    @property
    def planned(self) -> "Return":
        """The same as the catalogue has it, whatever evidence says."""
        return replace(self, lines=tuple(line.planned for line in self.lines))

    @property
    def bare(self) -> "Return":
        """The same without the benefits of the portfolio; what it costs stays."""
        return replace(self, portfolio=replace(self.portfolio, benefits=()))

    @property
    def cost(self) -> Decimal:
        """Of the first year."""
        return self.once + MONTHS * self.monthly

    @property
    def ratio(self) -> Decimal | None:
        """(benefit - cost) / cost of the first year, four decimals; None where nothing is paid."""
        return _ratio(self.yearly, self.cost, _RATIO)

    @property
    def percent(self) -> Decimal | None:
        """The same in whole percent, rounded from the exact ratio."""
        return _percent(self.yearly, self.cost)


def _ratio(benefit: Decimal, cost: Decimal, places: int, scale: int = 1) -> Decimal | None:
    if not cost:
        return None
    return rounded((Fraction(benefit) - Fraction(cost)) / Fraction(cost) * scale, places)


def _percent(benefit: Decimal, cost: Decimal) -> Decimal | None:
    return _ratio(benefit, cost, 0, 100)


def returns(
    catalogue: Catalogue,
    chosen: Iterable[str] | None = None,
    worth: Mapping[str, Worth] = MappingProxyType({}),
) -> Return:
    """The sum over some actions.

    Args:
        catalogue: where they are.
        chosen: their ids or numbers, in the order in which they are to be shown; each counts once. All that return
            something, in the catalogue's order, when None.
        worth: what evidence makes of their benefits, by id.

    Raises:
        NotFound: the catalogue has no such action.
    """
    if chosen is None:
        actions = tuple(action for action in catalogue.actions if action.benefits or action.valued)
    else:
        actions = tuple({action.id: action for action in (_named(name, catalogue) for name in chosen)}.values())
    ids = {action.id for action in actions}
    lines = (
        Line(action, worth.get(action.id), tuple(need for need in action.needs if need not in ids))
        for action in actions
    )
    return Return(tuple(lines), catalogue.portfolio, catalogue.currency)


def _named(name: str, catalogue: Catalogue) -> Action:
    for action in catalogue.actions:
        if name in {action.id, action.number}:
            return action
    raise NotFound(
        _("catalogue {catalogue} has no action {name!r}").format(catalogue=catalogue.id, name=name),
        hint=suggestion(name, catalogue.by_id),
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """How time and labour are valued.

    Attributes:
        day_rate: money for a person-day.
        discount_rate: what a year's wait costs: 0.08 makes 108 in a year worth 100 now.
        years: how far to look.
    """

    day_rate: Decimal
    discount_rate: Decimal
    years: int = 3

    @property
    def annuity(self) -> Fraction:
        """What 1 at the end of every year is worth now."""
        return sum(self.factors, Fraction(0))

    @property
    def factors(self) -> tuple[Fraction, ...]:
        """What 1 at the end of each year is worth now."""
        growth = 1 + Fraction(self.discount_rate)
        return tuple(1 / growth**year for year in range(1, self.years + 1))


class View(StrEnum):
    """Ways to look at the same actions."""

    SHORT = "short"
    DESCRIBED = "with-described"
    WITHOUT_PORTFOLIO = "without-portfolio"
    LABOUR = "with-labour"
    BARE = "with-labour-without-portfolio"
    LOSSES = "with-labour-without-portfolio-after-losses"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to look at it.

    Attributes:
        view: which one.
        yearly: benefit of a year.
        monthly: paid every month.
        outlay: paid at the beginning: one-off costs and labour.
        terms: how time is valued.
    """

    view: View
    yearly: Decimal
    monthly: Decimal
    outlay: Decimal
    terms: Terms

    @property
    def cost(self) -> Decimal:
        """Of the first year."""
        return self.outlay + MONTHS * self.monthly

    @property
    def net(self) -> Decimal:
        """What the first year leaves."""
        return self.yearly - self.cost

    @property
    def ratio(self) -> Decimal | None:
        """Net of the first year to its cost, four decimals; None where nothing is paid."""
        return _ratio(self.yearly, self.cost, _RATIO)

    @property
    def percent(self) -> Decimal | None:
        """The same in whole percent."""
        return _percent(self.yearly, self.cost)

    @property
    def payback_months(self) -> int | None:
        """Whole months until the outlay has come back, each month returning the same; None for never."""
        left = Fraction(self.yearly) / MONTHS - Fraction(self.monthly)
        if left <= 0:
            return 0 if left == 0 == self.outlay else None
        return -int(-Fraction(self.outlay) / left // 1)

    @property
    def npv(self) -> Decimal:
        """Net present value: the outlay now, and what each year leaves at its end."""
        left = Fraction(self.yearly) - MONTHS * Fraction(self.monthly)
        return rounded(left * self.terms.annuity - Fraction(self.outlay))


@dataclass(frozen=True, slots=True)
class Full:
    """What the short sum leaves out.

    Attributes:
        result: the short sum.
        terms: how time and labour are valued.
        scenarios: ways to look at it, from the short sum's to the soberest.
    """

    result: Return
    terms: Terms
    scenarios: tuple[Scenario, ...]

    @property
    def days(self) -> Decimal:
        """Effort, person-days, as far as somebody said."""
        return sum((line.action.days or Decimal(0) for line in self.result.lines), Decimal(0))

    @property
    def labour(self) -> Decimal:
        """What that costs."""
        return self.days * self.terms.day_rate

    @property
    def unknown(self) -> tuple[Action, ...]:
        """Whose effort nobody said: their labour is in no sum."""
        return tuple(line.action for line in self.result.lines if line.action.days is None)

    @property
    def losses(self) -> Decimal:
        """To be expected in a year."""
        return sum((failure.risk for failure in self.result.failures), Decimal(0))

    def scenario(self, view: View) -> Scenario | None:
        """The one of this kind; None where it would be the same as another."""
        return next((scenario for scenario in self.scenarios if scenario.view == view), None)


def full(result: Return, terms: Terms) -> Full:
    """The same actions, with what the short sum leaves out.

    A scenario that differs from none before it is left out: without portfolio benefits there is nothing to look at
    without them.
    """
    empty = Full(result, terms, ())
    bare = result.bare.yearly
    views = {
        View.SHORT: (result.yearly, result.once),
        View.DESCRIBED: (result.yearly + result.described, result.once),
        View.WITHOUT_PORTFOLIO: (bare, result.once),
        View.LABOUR: (result.yearly, result.once + empty.labour),
        View.BARE: (bare, result.once + empty.labour),
        View.LOSSES: (bare - empty.losses, result.once + empty.labour),
    }
    different: dict[tuple[Decimal, Decimal], View] = {}
    for view, sums in views.items():
        different.setdefault(sums, view)
    scenarios = (Scenario(view, yearly, result.monthly, outlay, terms) for (yearly, outlay), view in different.items())
    return Full(result, terms, tuple(scenarios))
