"""How the items of a checklist stand: done by evidence, marked by hand, open, overdue, or not to be checked here.

What evidence says is never hidden by a mark, and a mark never by evidence: an item has both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Checklist, Item, Measure, Requirement, Section
from undercurrent.planning.coverage import Coverage, Point, Share
from undercurrent.planning.marks import Mark, newest, subject

__all__ = ["ChecklistState", "ItemState", "State", "burn_down", "checklist_state", "is_met", "reasons"]


class State(StrEnum):
    """Of an item.

    `DONE`: evidence shows it. `MARKED`: somebody says so, and evidence does not show it. `OVERDUE`: neither, and its
    last day is over. `UNCHECKABLE`: evidence would show it, and knows nothing of that kind.
    """

    DONE = "done"
    MARKED = "marked"
    OPEN = "open"
    OVERDUE = "overdue"
    UNCHECKABLE = "not-checkable"


@dataclass(frozen=True, slots=True)
class ItemState:
    """How an item stands.

    Attributes:
        item: which.
        section: the part of the checklist that it is in.
        state: see `State`.
        due: its last day, or that of its section or checklist.
        share: what evidence counts; None without a requirement, and where evidence does not count that.
        mark: the newest mark made by hand.
    """

    item: Item
    section: Section
    state: State
    due: date | None = None
    share: Share | None = None
    mark: Mark | None = None

    @property
    def ticked(self) -> bool:
        """Whether its box is."""
        return self.state in (State.DONE, State.MARKED)

    @property
    def refuted(self) -> bool:
        """Whether somebody says that it is done, and evidence says that it is not."""
        known = self.share is not None and self.share.of > 0
        return self.state is State.MARKED and known and self.item.requirement is not None

    @property
    def needed(self) -> str:
        """What evidence has to show, in the user's language; "" where only a person can tell."""
        requirement = self.item.requirement
        if requirement is None:
            return ""
        if requirement.percent is not None:
            return _("{percent} %").format(percent=f"{requirement.percent:f}")
        return _("at least {count}").format(count=requirement.at_least)

    @property
    def by(self) -> str:
        """Who marked it."""
        return self.mark.by if self.mark else ""

    @property
    def at(self) -> datetime | None:
        """When it was marked."""
        return self.mark.at if self.mark else None

    def late(self, day: date) -> bool:
        """Whether its last day is over on ``day``, and it is not done; a mark that evidence refutes is no help."""
        return self.due is not None and day > self.due and (self.state is State.OVERDUE or self.refuted)


@dataclass(frozen=True, slots=True)
class ChecklistState:
    """How a checklist stands, on one day."""

    checklist: Checklist
    items: tuple[ItemState, ...]
    day: date

    def count(self, state: State) -> int:
        """How many items are in ``state``."""
        return sum(one.state is state for one in self.items)

    @property
    def ticked(self) -> int:
        """How many boxes are."""
        return sum(one.ticked for one in self.items)

    @property
    def late(self) -> tuple[ItemState, ...]:
        """What should have been done before."""
        return tuple(one for one in self.items if one.late(self.day))

    @property
    def refuted(self) -> tuple[ItemState, ...]:
        """What is marked by hand, against what evidence says."""
        return tuple(one for one in self.items if one.refuted)


def checklist_state(
    checklist: Checklist, coverage: Coverage | Point, marks: Mapping[str, Mark], day: date
) -> ChecklistState:
    """How ``checklist`` stands.

    Args:
        checklist: which.
        coverage: what evidence shows.
        marks: the newest of each subject (`undercurrent.planning.marks.newest`).
        day: the date for the user.
    """
    return ChecklistState(checklist, tuple(_states(checklist, coverage.shares, marks, day)), day)


def _states(
    checklist: Checklist, shares: Mapping[Measure, Share], marks: Mapping[str, Mark], day: date
) -> Iterable[ItemState]:
    for section in checklist.sections:
        for item in section.items:
            due = item.due or section.due or checklist.due
            share = shares.get(item.requirement.measure) if item.requirement else None
            mark = marks.get(subject(checklist.id, item.id))
            yield ItemState(
                item, section, _state(item, share, mark, overdue=due is not None and day > due), due, share, mark
            )


def _state(item: Item, share: Share | None, mark: Mark | None, *, overdue: bool) -> State:
    met = is_met(item.requirement, share) if item.requirement else None
    if met:
        return State.DONE
    if mark.done if mark else item.given:
        return State.MARKED
    if overdue:
        return State.OVERDUE
    return State.UNCHECKABLE if item.requirement and met is None else State.OPEN


def is_met(requirement: Requirement, share: Share | None) -> bool | None:
    """Whether evidence shows what is required; None if it knows nothing of that kind: 0 of 0 is not all of them."""
    if share is None or share.of == 0:
        return None
    if requirement.percent is not None:
        return Decimal(share.done) * 100 >= requirement.percent * share.of
    return requirement.at_least is not None and share.done >= requirement.at_least


def reasons(one: ItemState, zone: tzinfo | None = None) -> tuple[str, ...]:
    """Why an item is in its state, in the user's language: what was marked by hand, and what evidence says.

    Args:
        one: the item.
        zone: of the dates; the machine's when None.
    """
    said: list[str] = []
    if one.mark:
        text = _("marked by hand by {by} on {day}") if one.mark.done else _("opened again by hand by {by} on {day}")
        said.append(text.format(by=one.by or "?", day=one.mark.at.astimezone(zone).date()))
        if one.mark.note:
            said.append(one.mark.note)
    if one.share is not None and one.share.of and one.item.requirement:
        said.append(_counted(one.item.requirement, one.share))
        if one.share.as_of:
            said.append(_("as of {day}").format(day=one.share.as_of.astimezone(zone).date()))
    return tuple(said)


def _counted(requirement: Requirement, share: Share) -> str:
    if requirement.measure is Measure.BYTES_COPIED:
        text = _("evidence: {done} bytes of {needed} needed")
        return text.format(done=f"{share.done:,}", needed=f"{requirement.at_least or 0:,}")
    if requirement.percent is None:
        return _("evidence: {done} of {needed} needed").format(done=share.done, needed=requirement.at_least)
    # Never rounded up: 79.99 % is not 80 %.
    tenths = Decimal(share.done * 1000 // share.of) / 10
    return _("evidence: {done} of {of} ({percent} %), {needed} % needed").format(
        done=share.done, of=share.of, percent=f"{tenths.normalize():f}", needed=f"{requirement.percent:f}"
    )


def burn_down(
    checklist: Checklist, history: Iterable[Point], marks: Iterable[Mark], zone: tzinfo | None = None
) -> tuple[tuple[date, int], ...]:
    """How many items were neither done nor marked at the end of each day.

    Args:
        checklist: which.
        history: what evidence showed at the end of each day (`undercurrent.planning.coverage.history`).
        marks: all that were ever made.
        zone: in which days end; the machine's when None.
    """
    every = tuple(marks)
    return tuple((point.day, _open_at(checklist, point, every, zone)) for point in history)


def _open_at(checklist: Checklist, point: Point, marks: Iterable[Mark], zone: tzinfo | None) -> int:
    midnight = datetime.combine(point.day + timedelta(days=1), time.min, zone)
    end = midnight if zone else midnight.astimezone()
    made = newest(mark for mark in marks if mark.at < end)
    state = checklist_state(checklist, point, made, point.day)
    return len(state.items) - state.ticked
