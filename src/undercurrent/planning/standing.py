"""Where somebody stands: what changed since they looked last, what to do next, and what is wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final

from undercurrent.planning.catalogue import Action, Catalogue, Measure
from undercurrent.planning.checklists import ChecklistState, is_met
from undercurrent.planning.coverage import Coverage, ImageState, Share
from undercurrent.planning.windows import URGENT_DAYS, WindowState, window_states

__all__ = [
    "DAY_HOURS",
    "Changed",
    "Changes",
    "Step",
    "Trouble",
    "TroubleKind",
    "Urgency",
    "changes",
    "next_steps",
    "troubles",
]

DAY_HOURS: Final = 8
"""Of a person-day."""

_REFUSED: Final = frozenset({"unsigned", "untrusted", "denied"})
_MISSED: Final = "last-day"
"""The kind of window of which nothing is left once it is over. What began binds from then on, and what ended is
missed from then on, so that both go on being worth the effort."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A share that is another one now."""

    measure: Measure
    before: Share
    after: Share


@dataclass(frozen=True, slots=True)
class Changes:
    """What is another than it was.

    Attributes:
        since: when it was as it was.
        records: how many were added.
        images: how many more there are; less than 0 if some are not counted any more.
        shares: those that moved.
        worse: images, before and after, that were signed, verified or rootless, and are not any more.
    """

    since: datetime
    records: int
    images: int
    shares: tuple[Changed, ...]
    worse: tuple[tuple[ImageState, ImageState], ...]


def changes(before: Coverage, after: Coverage) -> Changes:
    """What changed; both have their images listed."""
    known = {state.name: state for state in before.listed}
    pairs = ((known[state.name], state) for state in after.listed if state.name in known)
    return Changes(
        before.at,
        after.records - before.records,
        after.images - before.images,
        tuple(_moved(before.shares, after.shares)),
        tuple((old, new) for old, new in pairs if _is_worse(old, new)),
    )


def _moved(before: Mapping[Measure, Share], after: Mapping[Measure, Share]) -> Iterator[Changed]:
    for measure, now in after.items():
        then = before[measure]
        if (then.done, then.of) != (now.done, now.of):
            yield Changed(measure, then, now)


def _is_worse(before: ImageState, after: ImageState) -> bool:
    return (
        (before.signed and not after.signed)
        or (before.verified and not after.verified)
        or (before.rootless is True and after.rootless is False)
    )


class Urgency(IntEnum):
    """How an action stands to its windows, the most urgent first."""

    DUE = 0
    """One is open, or what it is about binds already."""
    ANY_TIME = 1
    """It has none."""
    MISSED = 2
    """All are over. It may still be worth its effort."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and what each hour of it is worth.

    Attributes:
        action: what to do.
        catalogue: which has it.
        urgency: how it stands to its windows.
        window: the one that decides; None without any.
        share: what evidence counts of it; None where it cannot.
    """

    action: Action
    catalogue: Catalogue
    urgency: Urgency
    window: WindowState | None = None
    share: Share | None = None

    @property
    def hours(self) -> Decimal | None:
        """The effort; None where nobody said."""
        return self.action.days * DAY_HOURS if self.action.days else None

    @property
    def at_risk(self) -> Decimal:
        """What is lost in a year in which it is not done."""
        return self.action.yearly

    @property
    def per_hour(self) -> Decimal | None:
        """That, by the hour of effort; None where nobody said how long it takes."""
        return self.at_risk / self.hours if self.hours else None

    @property
    def days_left(self) -> int | None:
        """Until its window closes; 0 if it binds already, None if nothing closes any more."""
        return max(self.window.days, 0) if self.window and self.urgency is Urgency.DUE else None


def next_steps(
    catalogues: Sequence[Catalogue], shares: Mapping[Measure, Share], day: date, limit: int | None = None
) -> tuple[Step, ...]:
    """What to do, by the value that is at risk for each hour of effort; of equal ones, the nearer window first.

    What evidence shows to be done is left out, and so is what needs something that evidence shows not to be done. An
    action that several catalogues have (by what evidence counts of it, else by its id) is there once. Amounts in other
    currencies than the first catalogue's cannot be compared with its own, so they come after.

    Args:
        catalogues: the first one's currency leads.
        shares: what evidence counts.
        day: the date for the user.
        limit: at most so many.
    """
    steps = [step for catalogue in catalogues for step in _steps(catalogue, shares, day)]
    currency = catalogues[0].currency if catalogues else ""
    steps.sort(key=lambda step: (step.catalogue.currency != currency, *_rank(step)))
    once: dict[str, Step] = {}
    for step in steps:
        once.setdefault(step.action.done.measure if step.action.done else step.action.id, step)
    return tuple(once.values())[:limit]


def _rank(step: Step) -> tuple[int, bool, Decimal, int]:
    worth = step.per_hour
    return step.urgency, worth is None, -(worth or Decimal(0)), step.days_left or 0


def _steps(catalogue: Catalogue, shares: Mapping[Measure, Share], day: date) -> Iterator[Step]:
    windows: dict[str, list[WindowState]] = {}
    for state in window_states(catalogue, day):
        if state.action:
            windows.setdefault(state.action.id, []).append(state)
    known = catalogue.by_id
    for action in catalogue.actions:
        if _is_done(action, shares) or any(_is_done(known[need], shares) is False for need in action.needs):
            continue
        urgency, window = _urgency(windows.get(action.id, []))
        yield Step(action, catalogue, urgency, window, shares.get(action.done.measure) if action.done else None)


def _is_done(action: Action, shares: Mapping[Measure, Share]) -> bool | None:
    """None where evidence cannot tell."""
    if action.done is None:
        return None
    return bool(is_met(action.done, shares.get(action.done.measure)))


def _urgency(states: Sequence[WindowState]) -> tuple[Urgency, WindowState | None]:
    """The windows are in their order: those to come first, the next one first."""
    for state in states:
        if not state.over or state.window.kind != _MISSED:
            return Urgency.DUE, state
    return (Urgency.MISSED, states[0]) if states else (Urgency.ANY_TIME, None)


class TroubleKind(StrEnum):
    """What is wrong."""

    NOTHING_KNOWN = "nothing-known"
    """Evidence knows no image: whoever asks is looking in the wrong place, or nothing was done yet."""
    UNSIGNED = "unsigned"
    """Images without a signature."""
    REFUSED = "refused"
    """Images that the newest verdict refuses."""
    OVERDUE = "overdue"
    """Items of checklists whose last day is over."""
    CLOSING = "closing"
    """Windows about to close, whose action evidence shows not to be done."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and with what: names of images, ``CHECKLIST/ITEM``, or ids of windows."""

    kind: TroubleKind
    names: tuple[str, ...] = ()


def troubles(
    coverage: Coverage, checklists: Iterable[ChecklistState], windows: Iterable[WindowState]
) -> tuple[Trouble, ...]:
    """What is wrong, as far as somebody can do something about it.

    Args:
        coverage: with its images listed.
        checklists: those that are in use.
        windows: as they stand now.
    """
    closing = {
        state.window.id: None
        for state in windows
        if 0 <= state.days <= URGENT_DAYS and state.action and _is_done(state.action, coverage.shares) is False
    }
    found = {
        TroubleKind.UNSIGNED: [state.name for state in coverage.listed if not state.signed],
        TroubleKind.REFUSED: [state.name for state in coverage.listed if state.verdict in _REFUSED],
        TroubleKind.OVERDUE: [f"{one.checklist.id}/{late.item.id}" for one in checklists for late in one.late],
        TroubleKind.CLOSING: list(closing),
    }
    nothing = (Trouble(TroubleKind.NOTHING_KNOWN),) if not coverage.images else ()
    return nothing + tuple(Trouble(kind, tuple(names)) for kind, names in found.items() if names)
