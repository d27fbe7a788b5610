"""Which of the actions to take when money, days and risk are limited: the best choice there is, not a good guess.

An action counts with what it is worth in its first year, and only together with all that it needs. That is a knapsack
problem with several limits and with precedence. It is solved exactly, in whole numbers: amounts are decimals, so a
common denominator makes integers of them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from undercurrent.planning.catalogue import MONTHS, Action
from undercurrent.planning.knapsack import Item, Problem, best, problem_of
from undercurrent.planning.knapsack import frontier as steps

__all__ = [
    "UNLIMITED",
    "Budget",
    "Choice",
    "Reason",
    "choose",
    "cost_of",
    "frontier",
    "reason_against",
    "value_of",
]


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used, at most; None for any.

    Attributes:
        money: cost of the first year.
        days: person-days.
        risk: loss to be expected in a year.
    """

    money: Decimal | None = None
    days: Decimal | None = None
    risk: Decimal | None = None


UNLIMITED: Final = Budget()
"""Whatever it takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Actions to take together.

    Attributes:
        actions: in the order of the catalogue.
        value: what they are worth in the first year, net.
        cost: of the first year.
        days: effort, person-days, as far as somebody said.
        risk: loss to be expected in a year.
    """

    actions: tuple[Action, ...]
    value: Decimal
    cost: Decimal
    days: Decimal
    risk: Decimal

    @property
    def unsaid(self) -> tuple[Action, ...]:
        """Those of which nobody said how long they take."""
        return tuple(action for action in self.actions if action.days is None)


class Reason(StrEnum):
    """Why an action is not in a choice."""

    NEEDS = "needs"
    """What it needs is not among the actions."""
    EFFORT = "effort-unknown"
    """Days are limited, and nobody said how many it, or what it needs, takes."""
    RISK = "over-risk"
    """It and what it needs are over the budget, even alone."""
    MONEY = "over-money"
    DAYS = "over-days"
    WORTH = "not-worth-it"
    """It returns no more than it costs."""
    OTHERS = "others-return-more"
    """It would fit alone; what was chosen leaves no room for it, and returns more."""


def cost_of(action: Action) -> Decimal:
    """What the first year of an action costs."""
    return action.once + MONTHS * action.monthly


def value_of(action: Action) -> Decimal:
    """What an action is worth in its first year: its benefits less what it costs. Its effort is not money here."""
    return action.yearly - cost_of(action)


def choose(actions: Sequence[Action], budget: Budget = UNLIMITED) -> Choice:
    """The actions that together are worth most within ``budget``.

    Of choices that are worth the same it is the one with less risk; then the cheaper, the one with fewer days, and the
    one whose actions come first. An action whose effort nobody said is left out where days are limited.

    Args:
        actions: with costs, effort and risk of 0 or more; what needs one that is not among them is never chosen.
        budget: the limits.

    Raises:
        Unsupported: the problem is too hard to be solved exactly.
    """
    return _chosen(actions, best(_problem(actions, budget)))


def frontier(actions: Sequence[Action], budget: Budget = UNLIMITED) -> tuple[Choice, ...]:
    """The best choice for each amount of risk, within ``budget``: the least risky first, each worth more than the last.

    It begins with what can be had without any risk, be that nothing at all.

    Args:
        actions: as for `choose`.
        budget: the limits.

    Raises:
        Unsupported: the problem is too hard to be solved exactly.
    """
    return tuple(_chosen(actions, key) for key in steps(_problem(actions, budget, by_risk=True)))


def reason_against(action: Action, actions: Iterable[Action], budget: Budget) -> Reason:
    """Why ``action`` is not in the best choice of ``actions`` within ``budget``; the plainest of several reasons."""
    known = {each.id: each for each in actions}
    needed = _with_needs(action, known)
    if needed is None:
        return Reason.NEEDS
    if budget.days is not None and any(each.days is None for each in needed):
        return Reason.EFFORT
    whole = _sum(tuple(needed))
    for used, limit, reason in (
        (whole.risk, budget.risk, Reason.RISK),
        (whole.cost, budget.money, Reason.MONEY),
        (whole.days, budget.days, Reason.DAYS),
    ):
        if limit is not None and used > limit:
            return reason
    return Reason.WORTH if value_of(action) <= 0 else Reason.OTHERS


def _with_needs(action: Action, known: Mapping[str, Action]) -> list[Action] | None:
    """The action and all that it needs; None where something of that is missing."""
    found: dict[str, Action] = {}
    waiting = [action.id]
    while waiting:
        each = known.get(waiting.pop())
        if each is None:
            return None
        if each.id not in found:
            found[each.id] = each
            waiting += each.needs
    return list(found.values())


def _problem(actions: Sequence[Action], budget: Budget, *, by_risk: bool = False) -> Problem:
    limited = [
        (limit, use)
        for limit, use in ((budget.money, cost_of), (budget.days, _days_of), (budget.risk, _risk_of))
        if limit is not None or (by_risk and use is _risk_of)
    ]
    whole = [_in_whole([limit or Decimal(0), *map(use, actions)]) for limit, use in limited]
    limits = tuple(None if limit is None else row[0] for (limit, _use), row in zip(limited, whole, strict=True))
    bits = {action.id: 1 << (len(actions) - 1 - number) for number, action in enumerate(actions)}
    able = set(_able(actions, days_known=budget.days is not None))
    items = [
        Item(key, tuple(row[number] for row in whole), bits[action.id], sum(bits[need] for need in set(action.needs)))
        for number, (action, key) in enumerate(zip(actions, _keys(actions), strict=True), 1)
        if action.id in able
    ]
    return problem_of(items, limits)


def _able(actions: Sequence[Action], *, days_known: bool) -> Iterator[str]:
    """Ids of what can be chosen at all."""
    waiting = [action for action in actions if not (days_known and action.days is None)]
    done: set[str] = set()
    while ready := [action for action in waiting if done.issuperset(action.needs)]:
        waiting = [action for action in waiting if action not in ready]
        done |= {action.id for action in ready}
    yield from done


def _days_of(action: Action) -> Decimal:
    return action.days or Decimal(0)


def _risk_of(action: Action) -> Decimal:
    return action.risk


def _keys(actions: Sequence[Action]) -> list[int]:
    """A number for each action, so that of two sets the better one has the larger sum.

    Value is in the highest digits, then come risk, cost and days, of which less is better, and the set itself. What is
    in lower digits can never add up to one in higher ones.
    """
    count = len(actions)
    keys = [1 << (count - 1 - number) for number in range(count)]
    step = 1 << count
    for measure, sign in ((_days_of, -1), (cost_of, -1), (_risk_of, -1), (value_of, 1)):
        whole = _in_whole(list(map(measure, actions)))
        keys = [key + sign * amount * step for key, amount in zip(keys, whole, strict=True)]
        step *= 1 + 2 * sum(map(abs, whole))
    return keys


def _in_whole(amounts: Sequence[Decimal]) -> list[int]:
    """The amounts in whole units of their common denominator; exact, whatever the precision of decimals is set to."""
    ratios = [amount.as_integer_ratio() for amount in amounts]
    unit = math.lcm(*(below for _above, below in ratios))
    return [above * (unit // below) for above, below in ratios]


def _chosen(actions: Sequence[Action], key: int) -> Choice:
    """The choice that a key stands for: its lowest digits are the set of actions, the first one in the highest bit."""
    count = len(actions)
    return _sum(tuple(action for place, action in enumerate(actions) if key >> (count - 1 - place) & 1))


def _sum(actions: tuple[Action, ...]) -> Choice:
    nothing = Decimal(0)
    return Choice(
        actions,
        value=sum(map(value_of, actions), nothing),
        cost=sum(map(cost_of, actions), nothing),
        days=sum((action.days or nothing for action in actions), nothing),
        risk=sum((action.risk for action in actions), nothing),
    )
