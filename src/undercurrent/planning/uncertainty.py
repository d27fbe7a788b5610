"""How far a return can be trusted: what each doubtful input does to it, and what it is when all of them vary at once.

The result that is looked at is the net present value with everything in it: all benefits, also those that are only
described or claimed, costs, labour, and failures.

Ranges are this project's own, wide on purpose; nobody measured them:

==========================  ======  ==========  ======
input                       low     most likely high
==========================  ======  ==========  ======
benefit, measured             90 %       100 %   110 %
benefit, assumed              50 %       100 %   150 %
benefit, claimed               0 %        50 %   100 %
cost                          90 %       100 %   130 %
effort                        75 %       100 %   200 %
probability of a failure      50 %       100 %   200 %
==========================  ======  ==========  ======

Labour overruns more often, and farther, than it stays behind its estimate
(https://en.wikipedia.org/wiki/Planning_fallacy), and a claim is at most what those who make it say.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import isqrt
from types import MappingProxyType
from typing import Final

from undercurrent.planning.catalogue import MONTHS, Basis, Failure, Label
from undercurrent.planning.roi import Line, Return, Terms
from undercurrent.planning.rounding import rounded

__all__ = [
    "COST",
    "EFFORT",
    "PROBABILITY",
    "RANGES",
    "Input",
    "InputKind",
    "Range",
    "Sensitivity",
    "Simulation",
    "inputs_of",
    "likely",
    "sensitivities",
    "simulate",
]

Range = tuple[Decimal, Decimal, Decimal]
"""Low, most likely and high, as multiples of what the catalogue says."""

RANGES: Final = MappingProxyType(
    {
        Basis.MEASURED: (Decimal("0.9"), Decimal(1), Decimal("1.1")),
        Basis.ASSUMED: (Decimal("0.5"), Decimal(1), Decimal("1.5")),
        Basis.CLAIMED: (Decimal(0), Decimal("0.5"), Decimal(1)),
    }
)
"""Of benefits, by what they rest on."""
COST: Final[Range] = (Decimal("0.9"), Decimal(1), Decimal("1.3"))
EFFORT: Final[Range] = (Decimal("0.75"), Decimal(1), Decimal(2))
PROBABILITY: Final[Range] = (Decimal("0.5"), Decimal(1), Decimal(2))
"""Of failures; never over 1."""

_BITS: Final = 53
_ONE: Final = 1 << _BITS
"""`random.Random.random` gives whole multiples of 2**-53: as integers they lose nothing."""
_CENTS: Final = 100
_SCALE: Final = 10**12
"""Of what a later year is worth now, as an integer."""


class InputKind(StrEnum):
    """What may turn out otherwise."""

    BENEFIT = "benefit"
    COST = "cost"
    EFFORT = "effort"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Input:
    """One doubtful figure.

    Attributes:
        id: tells it from the others.
        kind: what it is.
        subject: what it belongs to: an action, or a benefit of the portfolio.
        low: the least, as an amount: of a year, or once. Costs are positive.
        likely: the most likely.
        high: the most.
        once: whether it comes once, at the beginning, instead of every year.
        failure: what goes wrong, where that is what it is about.
    """

    id: str
    kind: InputKind
    subject: Label
    low: Decimal
    likely: Decimal
    high: Decimal
    once: bool = False
    failure: Failure | None = None

    @property
    def sign(self) -> int:
        """What it does to the result."""
        return 1 if self.kind == InputKind.BENEFIT else -1


def inputs_of(result: Return, terms: Terms) -> tuple[Input, ...]:
    """Every figure of ``result`` that is not nothing."""
    found = (*_portfolio(result), *(item for line in result.lines for item in _line(line, terms)))
    return tuple(item for item in found if item.low or item.high)


def _portfolio(result: Return) -> Iterator[Input]:
    for benefit in result.portfolio.benefits:
        yield _input(f"portfolio.{benefit.id}", InputKind.BENEFIT, benefit.name, benefit.yearly, RANGES[benefit.basis])
    subject = Label(zh="全部", en="all together")
    yield _input("portfolio.cost", InputKind.COST, subject, MONTHS * result.portfolio.monthly, COST)


def _line(line: Line, terms: Terms) -> Iterator[Input]:
    action = line.action
    name = Label(zh=f"{action.number} {action.name.zh}".strip(), en=f"{action.number} {action.name.en}".strip())
    for benefit in line.benefits:
        yield _input(f"{action.id}.{benefit.id}", InputKind.BENEFIT, name, benefit.yearly, RANGES[benefit.basis])
    yield _input(f"{action.id}.monthly", InputKind.COST, name, MONTHS * action.monthly, COST)
    yield _input(f"{action.id}.once", InputKind.COST, name, action.once, COST, once=True)
    labour = (action.days or Decimal(0)) * terms.day_rate
    yield _input(f"{action.id}.effort", InputKind.EFFORT, name, labour, EFFORT, once=True)
    for number, failure in enumerate(action.failures, 1):
        low, middle, high = (min(failure.probability * factor, Decimal(1)) * failure.impact for factor in PROBABILITY)
        yield Input(f"{action.id}.failure{number}", InputKind.FAILURE, name, low, middle, high, failure=failure)


def _input(name: str, kind: InputKind, subject: Label, amount: Decimal, spread: Range, *, once: bool = False) -> Input:
    # Of an amount below nothing, the largest multiple is the lowest end.
    low, middle, high = sorted(rounded(Fraction(amount) * Fraction(factor)) for factor in spread)
    return Input(name, kind, subject, low, middle, high, once)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What one input alone does: the result at its low end and at its high end, the others at their most likely."""

    input: Input
    low: Decimal
    high: Decimal

    @property
    def swing(self) -> Decimal:
        """How far apart the two results are."""
        return abs(self.high - self.low)


def likely(inputs: Sequence[Input], terms: Terms) -> Decimal:
    """The net present value with every input at its most likely."""
    return rounded(_value(inputs, terms))


def _value(inputs: Sequence[Input], terms: Terms) -> Fraction:
    return sum((_present(item, item.likely, terms) for item in inputs), Fraction(0))


def _present(item: Input, amount: Decimal, terms: Terms) -> Fraction:
    return item.sign * Fraction(amount) * (1 if item.once else terms.annuity)


def sensitivities(inputs: Sequence[Input], terms: Terms) -> tuple[Sensitivity, ...]:
    """For a tornado: each input, that with the widest swing first."""
    middle = _value(inputs, terms)
    found = []
    for item in inputs:
        rest = middle - _present(item, item.likely, terms)
        low, high = (rounded(rest + _present(item, amount, terms)) for amount in (item.low, item.high))
        found.append(Sensitivity(item, low, high))
    return tuple(sorted(found, key=lambda one: -one.swing))


@dataclass(frozen=True, slots=True)
class Simulation:
    """The net present value when all inputs vary at once, each on its own.

    Attributes:
        seed: the same seed gives the same figures, on every machine.
        runs: how many were drawn.
        p5: one run in twenty is not above this.
        p50: half of the runs are not above this.
        p95: one run in twenty is above this.
        loss: share of runs below nothing, 0 to 1, four decimals.
    """

    seed: int
    runs: int
    p5: Decimal
    p50: Decimal
    p95: Decimal
    loss: Decimal


def simulate(inputs: Sequence[Input], terms: Terms, *, seed: int = 1, runs: int = 10_000) -> Simulation:
    """Draws ``runs`` futures.

    Benefits, costs and effort have triangular distributions, drawn once a future; each failure happens or not in each
    year, with the probability of the catalogue (Bernoulli). Amounts are whole cents throughout. Drawing uses nothing
    but `random.Random.random`, whose sequence Python keeps the same in all versions and on all machines
    (https://docs.python.org/3/library/random.html#notes-on-reproducibility), and integers.

    Args:
        inputs: from `inputs_of`.
        terms: how time is valued.
        seed: where the sequence begins.
        runs: at least 1.
    """
    draw = random.Random(seed).random  # noqa: S311 - it has to be the same again, not secret
    annuity = _scaled(terms.annuity)
    drawn = [
        (_weight(item, annuity), _cents(item.low), _cents(item.likely), _cents(item.high))
        for item in inputs
        if item.failure is None
    ]
    chances = [
        (int(Fraction(item.failure.probability) * _ONE), _cents(item.failure.impact) * factor)
        for item in inputs
        if item.failure is not None
        for factor in map(_scaled, terms.factors)
    ]
    totals = sorted(_future(drawn, chances, draw) for _run in range(runs))
    below = sum(total < 0 for total in totals)
    p5, p50, p95 = (rounded(Fraction(_rank(totals, percent), _SCALE * _CENTS)) for percent in (5, 50, 95))
    return Simulation(seed, runs, p5, p50, p95, rounded(Fraction(below, runs), 4))


def _future(
    drawn: Sequence[tuple[int, int, int, int]], chances: Sequence[tuple[int, int]], draw: Callable[[], float]
) -> int:
    """The net present value of one future, in cents times `_SCALE`."""
    total = 0
    for weight, low, middle, high in drawn:
        total += weight * _triangular(int(draw() * _ONE), low, middle, high)
    for chance, loss in chances:
        if int(draw() * _ONE) < chance:
            total -= loss
    return total


def _triangular(drawn: int, low: int, middle: int, high: int) -> int:
    """The amount below which this share of a triangular distribution lies, by its inverse, in whole cents.

    Source: https://en.wikipedia.org/wiki/Triangular_distribution#Generating_random_variates
    """
    wide = high - low
    if drawn * wide < (middle - low) * _ONE:
        return low + isqrt(drawn * wide * (middle - low) >> _BITS)
    return high - isqrt((_ONE - drawn) * wide * (high - middle) >> _BITS)


def _weight(item: Input, annuity: int) -> int:
    return item.sign * (_SCALE if item.once else annuity)


def _cents(amount: Decimal) -> int:
    return int(rounded(Fraction(amount) * _CENTS, 0))


def _scaled(factor: Fraction) -> int:
    return int(rounded(factor * _SCALE, 0))


def _rank(totals: Sequence[int], percent: int) -> int:
    """The nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method."""
    return totals[max(-(-len(totals) * percent // 100), 1) - 1]
