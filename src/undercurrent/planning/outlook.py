"""What a day looks like before the windows of a catalogue: open, urgent, closed, and what is open elsewhere instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from undercurrent.planning.catalogue import Catalogue, Label
from undercurrent.planning.checklists import is_met
from undercurrent.planning.coverage import Coverage
from undercurrent.planning.windows import URGENT_DAYS, WindowState, window_states

__all__ = ["Finding", "Ground", "Outlook", "Phase", "View", "done_by_evidence", "outlook"]


class Phase(StrEnum):
    """How the windows of a catalogue stand, all together."""

    NONE = "none"
    """It has none."""
    OPEN = "open"
    """None is over, and none is urgent."""
    URGENT = "urgent"
    """One is about to close."""
    LAST_DAY = "last-day"
    """One closes today."""
    PARTLY_OVER = "partly-over"
    """Some are over, others are not."""
    OVER = "over"
    """All are."""


class Ground(StrEnum):
    """Why somebody should look."""

    CLOSING = "closing"
    """The day is near."""
    CLOSED = "closed"
    """The day has passed, and evidence does not show that the action was done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A window that somebody should look at."""

    ground: Ground
    state: WindowState


@dataclass(frozen=True, slots=True)
class View:
    """The windows of one catalogue on a day.

    Attributes:
        catalogue: where they are.
        states: all of them, the next one first.
        horizon: days within which a window is worth showing.
        done: ids of the actions of which evidence shows that they are done; None if nobody looked.
    """

    catalogue: Catalogue
    states: tuple[WindowState, ...]
    horizon: int
    done: frozenset[str] | None = None

    @property
    def coming(self) -> tuple[WindowState, ...]:
        """Those whose day is still to come, or today."""
        return tuple(state for state in self.states if not state.over)

    @property
    def near(self) -> tuple[WindowState, ...]:
        """Those of them within the horizon."""
        return tuple(state for state in self.coming if state.days <= self.horizon)

    @property
    def next(self) -> tuple[WindowState, ...]:
        """Those within the horizon, else those of the next day that there is."""
        coming = self.coming
        return self.near or tuple(state for state in coming if state.days == coming[0].days)

    @property
    def closed(self) -> tuple[WindowState, ...]:
        """Those in which one can act no more."""
        return tuple(state for state in self.states if state.over and state.window.kind != "begins")

    @property
    def begun(self) -> tuple[WindowState, ...]:
        """What is in force by now."""
        return tuple(state for state in self.states if state.over and state.window.kind == "begins")

    def is_done(self, state: WindowState) -> bool:
        """Whether evidence shows that the action of ``state`` is done."""
        return bool(self.done and state.action and state.action.id in self.done)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a day looks like.

    Attributes:
        day: the date.
        urgent: days before its day from which a window is urgent.
        view: the windows of the catalogue that is planned from.
        others: those of the other catalogues, where one of the first is over.
    """

    day: date
    urgent: int
    view: View
    others: tuple[View, ...] = ()

    @property
    def phase(self) -> Phase:
        """How the windows stand, all together."""
        view = self.view
        days = min((state.days for state in view.coming if not view.is_done(state)), default=None)
        if days is not None and days <= self.urgent:
            return Phase.URGENT if days else Phase.LAST_DAY
        if view.closed:
            return Phase.PARTLY_OVER if view.coming else Phase.OVER
        return Phase.OPEN if view.states else Phase.NONE

    @property
    def first(self) -> WindowState | None:
        """Where to begin, of what is near and not done yet: here if there is something, else in other catalogues."""
        for view in (self.view, *self.others):
            for state in view.near:
                if state.action and state.action.first and not view.is_done(state):
                    return state
        return None

    @property
    def appeal(self) -> Label | None:
        """What to do there first."""
        return self.first.action.first if self.first and self.first.action else None

    @property
    def pressing(self) -> bool:
        """Whether it is about the catalogue that is planned from, or urgent anyhow."""
        return self.first is not None and (self.first in self.view.near or self.first.days <= self.urgent)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Windows of the catalogue that somebody should look at.

        A window that is urgent, unless evidence shows that its action is done; and one that closed without that, if
        the catalogue says what evidence would show: anything else would be a finding for ever.
        """
        return tuple(self._findings())

    def _findings(self) -> Iterator[Finding]:
        for state in self.view.coming:
            if state.days <= self.urgent and not self.view.is_done(state):
                yield Finding(Ground.CLOSING, state)
        for state in self.view.closed:
            if state.action and state.action.done and not self.view.is_done(state):
                yield Finding(Ground.CLOSED, state)


def outlook(
    catalogue: Catalogue,
    others: Iterable[Catalogue],
    day: date,
    *,
    horizon: int,
    urgent: int = URGENT_DAYS,
    coverage: Coverage | None = None,
) -> Outlook:
    """What ``day`` looks like.

    Args:
        catalogue: what is planned from.
        others: where to look for what is open instead, once something in ``catalogue`` is over.
        day: the date.
        horizon: days within which a window is worth showing.
        urgent: days before its day from which a window is urgent.
        coverage: what evidence knows; None if nobody looked.
    """

    def view(one: Catalogue) -> View:
        done = None if coverage is None else done_by_evidence(one, coverage)
        return View(one, window_states(one, day), horizon, done)

    first = view(catalogue)
    over = first.closed or not first.coming
    return Outlook(day, urgent, first, tuple(view(one) for one in others if one.id != catalogue.id) if over else ())


def done_by_evidence(catalogue: Catalogue, coverage: Coverage) -> frozenset[str]:
    """Ids of the actions of which evidence shows that they are done."""
    return frozenset(
        action.id
        for action in catalogue.actions
        if action.done and is_met(action.done, coverage.shares[action.done.measure])
    )
