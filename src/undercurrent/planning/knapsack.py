"""A knapsack with several limits, whose items may need one another: the best of all that fits, in whole numbers.

Method: dynamic programming over the items, what is needed first. A state is what was put in so far; it goes when
another one with the same prospects uses no more and is worth more (Nemhauser & Ullmann 1969,
https://doi.org/10.1287/mnsc.15.9.494), or when it cannot come up to a choice that is known already, even if limits were
only charged for (Lagrange multipliers; Fisher 1981, https://doi.org/10.1287/mnsc.27.1.1).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from undercurrent.errors import Unsupported
from undercurrent.i18n import translate as _

__all__ = ["MAX_STATES", "Item", "Problem", "State", "best", "frontier", "problem_of"]

MAX_STATES: Final = 50_000
"""Partial choices kept at once. Forty actions with unrelated amounts need some hundreds; what is beyond this is a
puzzle made to be hard (amounts with many digits, all nearly alike), and is refused rather than guessed."""

_BEAM: Final = 64
_ROUNDS: Final = 4
"""Times that the price of each limit is set anew, now that the others have one."""
_COMPARED: Final = 48
"""Partial choices that another one is compared with, where there are several limits: comparing with all takes longer
than it saves, and what is kept too much does no harm."""


State: TypeAlias = tuple[int, tuple[int, ...], int]
"""Of what is in: those that later items may need (a set, as bits), what it uses of each limit, and its key."""


@dataclass(frozen=True, slots=True)
class Item:
    """An action, in whole numbers.

    Attributes:
        key: what it is worth and, in lower digits, what decides between equals; keys add up.
        uses: what it takes of each limit.
        bit: stands for it in sets; its place in the catalogue, so that the first action has the highest bit.
        needs: set of those that have to be in before.
        waited: set of those that items after it need.
    """

    key: int
    uses: tuple[int, ...]
    bit: int
    needs: int
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Items, what is needed first, and the limits; None for what is only counted."""

    items: tuple[Item, ...]
    limits: tuple[int | None, ...]


def problem_of(items: Sequence[Item], limits: Sequence[int | None]) -> Problem:
    """A problem, with its items in the order in which they are best decided on.

    Args:
        items: each with a use, 0 or more, of each limit; all that they need is among them, without a circle.
        limits: of what is used; None for what is only counted.
    """
    return Problem(_ordered(items, tuple(limits)), tuple(limits))


def best(problem: Problem) -> int:
    """The largest key of a choice within the limits: every limit is one.

    Raises:
        Unsupported: there are too many choices to look through.
    """
    near = max(key for _waited, _used, key in _search(problem, 0, width=_BEAM))
    return max((key for _waited, _used, key in _search(problem, near)), default=near)


def frontier(problem: Problem) -> list[int]:
    """The largest key for each amount of the last use, of those that are larger than all with less of it; least first.

    Args:
        problem: whose last limit may be None.

    Raises:
        Unsupported: there are too many choices to look through.
    """
    if len(problem.limits) == 1:
        keys: list[int] = []
        for _waited, _used, key in sorted(_search(problem, None), key=lambda state: (state[1], -state[2])):
            if not keys or key > keys[-1]:
                keys.append(key)
        return keys
    # With several limits too much has to be kept for that. The best within a limit uses some amount; the next one is
    # the best with less than that.
    limit = problem.limits[-1]
    left = sum(item.uses[-1] for item in problem.items) if limit is None else limit
    found: list[int] = []
    while left >= 0:
        found.append(best(problem_of(problem.items, (*problem.limits[:-1], left))))
        left = sum(item.uses[-1] for item in problem.items if found[-1] & item.bit) - 1
    return found[::-1]


def _ordered(items: Sequence[Item], limits: tuple[int | None, ...]) -> tuple[Item, ...]:
    """What is needed first, else what is plainly good or plainly bad: that is decided at once, and leaves few cases."""
    prices = _prices(items, limits, [*range(len(limits))] * _ROUNDS)
    waiting = sorted(items, key=lambda item: -abs(_worth(item, prices)))
    order, done = [], 0
    while waiting:
        ready = next(item for item in waiting if done & item.needs == item.needs)
        waiting.remove(ready)
        order.append(ready)
        done |= ready.bit
    later = 0
    for number in reversed(range(len(order))):
        order[number] = replace(order[number], waited=later)
        later |= order[number].needs
    return tuple(order)


def _search(problem: Problem, known: int | None, width: int = 0) -> list[State]:
    """All complete choices that may be the best: with a larger key than ``known``, if that is given.

    Args:
        problem: what to choose from.
        known: key of a choice that can be had.
        width: look only at so many partial choices at a time, those that promise most: quick, and not always best.

    Raises:
        Unsupported: there are too many.
    """
    promises = [] if known is None else _promises(problem)
    states: list[State] = [(0, (0,) * len(problem.limits), 0)]
    for number, item in enumerate(problem.items):
        grown: dict[tuple[int, tuple[int, ...]], int] = {}
        for waited, used, key in _grown(states, item, problem.limits):
            place = (waited, used)
            if place not in grown or grown[place] < key:
                grown[place] = key
        states = _undominated(grown)
        if known is not None:
            bounded = [(_bound(state, promises, number + 1), state) for state in states]
            states = [state for bound, state in bounded if bound > known or width]
            if width and len(states) > width:
                bounded.sort(key=lambda pair: pair[0], reverse=True)
                states = [state for _bound_, state in bounded[:width]]
        if len(states) > MAX_STATES:
            raise Unsupported(
                _(
                    "the best choice out of {count} actions cannot be found: their amounts are too many and too alike"
                ).format(count=len(problem.items)),
                hint=_("limit money, days or risk, or round the amounts in the catalogue"),
            )
    return states


def _grown(states: Iterable[State], item: Item, limits: tuple[int | None, ...]) -> Iterator[State]:
    for waited, used, key in states:
        yield waited & item.waited, used, key
        if waited & item.needs == item.needs:
            more = tuple(map(int.__add__, used, item.uses))
            if all(limit is None or use <= limit for use, limit in zip(more, limits, strict=True)):
                yield (waited | item.bit) & item.waited, more, key + item.key


def _undominated(states: Mapping[tuple[int, tuple[int, ...]], int]) -> list[State]:
    """Those for which there is no other with the same prospects that uses no more and is worth more."""
    kept: list[State] = []
    rivals: dict[int, list[tuple[int, ...]]] = {}
    for (waited, used), key in sorted(states.items(), key=lambda pair: pair[1], reverse=True):
        better = rivals.setdefault(waited, [])
        if any(all(map(int.__le__, other, used)) for other in better):
            continue
        kept.append((waited, used, key))
        if len(used) <= 1:
            better[:] = [used]  # whoever comes later is worth less, so it has to use less than the last one kept
        elif len(better) < _COMPARED:
            better.append(used)
    return kept


@dataclass(frozen=True, slots=True)
class _Promise:
    """A price for each limit: what is left of the limits, at these prices, and all items that are worth theirs.

    Attributes:
        prices: for one unit of each limit, in keys.
        room: what the whole limits come to.
        rest: what items from this one on add, at best.
    """

    prices: tuple[int, ...]
    room: int
    rest: tuple[int, ...]


def _bound(state: State, promises: Iterable[_Promise], number: int) -> int:
    """No choice that begins with ``state`` and goes on with item ``number`` has a larger key."""
    _waited, used, key = state
    return key + min(
        promise.room - sum(map(int.__mul__, promise.prices, used)) + promise.rest[number] for promise in promises
    )


def _promises(problem: Problem) -> list[_Promise]:
    """Prices that make bounds low: for no limit, for each alone, and for all together."""
    places = range(len(problem.limits))
    tried = [[], *([place] for place in places), [*places] * _ROUNDS]
    return [_promise(problem, _prices(problem.items, problem.limits, each)) for each in tried]


def _prices(items: Iterable[Item], limits: tuple[int | None, ...], places: Iterable[int]) -> tuple[int, ...]:
    """Prices at which the bound of the whole problem is low: that of one limit after the other is set at its best."""
    prices = [0] * len(limits)
    for place in places:
        prices[place] = 0
        uses = [(item, item.uses[place]) for item in items if item.uses[place]]
        offers = sorted(((_worth(item, prices) // use, use) for item, use in uses), reverse=True)
        left = limits[place] or 0
        for offer, use in offers if limits[place] is not None else ():
            left -= use
            if left < 0 or offer <= 0:
                prices[place] = max(offer, 0)
                break
    return tuple(prices)


def _worth(item: Item, prices: Iterable[int]) -> int:
    return item.key - sum(map(int.__mul__, prices, item.uses))


def _promise(problem: Problem, prices: tuple[int, ...]) -> _Promise:
    rest = [0]
    for item in reversed(problem.items):
        rest.append(rest[-1] + max(0, _worth(item, prices)))
    room = sum(price * (limit or 0) for price, limit in zip(prices, problem.limits, strict=True))
    return _Promise(prices, room, tuple(reversed(rest)))
