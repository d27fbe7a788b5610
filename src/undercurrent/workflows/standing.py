"""Where an estate stands: one read of the evidence, held against the catalogues."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from undercurrent.evidence import Record, open_store
from undercurrent.planning.catalogue import Catalogue, Claim
from undercurrent.planning.checklists import ChecklistState, burn_down, checklist_state
from undercurrent.planning.coverage import Counted, Coverage, Point, end_of
from undercurrent.planning.loading import BUILTIN, Catalogues, load
from undercurrent.planning.marks import Mark, mark_of, newest
from undercurrent.planning.portfolio import Choice, frontier
from undercurrent.planning.standing import Changes, Step, Trouble, changes, next_steps, troubles
from undercurrent.planning.tally import passing
from undercurrent.planning.windows import WindowState, today, window_states, zone_of
from undercurrent.settings import Settings
from undercurrent.workflows.looks import last_look

__all__ = ["Deep", "Standing", "standing"]

_HISTORY: Final = timedelta(days=90)
_RECORDS: Final = 500
"""Of the newest records, those that a page shows."""


@dataclass(frozen=True, slots=True)
class Deep:
    """What takes longer to find out, for a page.

    Attributes:
        history: the shares at the end of each of the last 90 days, as far back as there is evidence.
        burn_downs: of each checklist, by id: how many items were open at the end of each of these days.
        frontier: of the catalogue's actions: the best choice for each amount of risk.
        records: the newest evidence, the newest first, at most 500.
    """

    history: tuple[Point, ...]
    burn_downs: dict[str, tuple[tuple[date, int], ...]]
    frontier: tuple[Choice, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an estate stands.

    Attributes:
        at: the moment that this is about.
        day: the date for the user.
        where: what to call the evidence, without credentials.
        settings: where things are, and what money is worth.
        catalogue: the one that is set, or was asked for.
        catalogues: those whose windows, checklists and actions are in this, that one first.
        coverage: what evidence knows, with the images by name.
        changes: since the last look; None if there was none.
        windows: of all the catalogues: those to come, the next one first; then those that are over.
        steps: what to do, by the value at risk for each hour of effort; all of it.
        checklists: of all the catalogues.
        in_use: ids of those that somebody has marked something in, or that are in a catalogue of the user's own or
            one that was asked for: a list that only came along troubles nobody.
        marks: all that were ever made by hand, the oldest first.
        deep: what takes longer; None if nobody asked for it.
    """

    at: datetime
    day: date
    where: str
    settings: Settings
    catalogue: Catalogue
    catalogues: tuple[Catalogue, ...]
    coverage: Coverage
    changes: Changes | None
    windows: tuple[WindowState, ...]
    steps: tuple[Step, ...]
    checklists: tuple[ChecklistState, ...]
    in_use: frozenset[str]
    marks: tuple[Mark, ...] = ()
    deep: Deep | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Of all the catalogues."""
        return tuple(claim for catalogue in self.catalogues for claim in catalogue.claims)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong."""
        used = [state for state in self.checklists if state.checklist.id in self.in_use]
        return troubles(self.coverage, used, self.windows)


def standing(
    settings: Settings,
    *,
    day: date | None = None,
    catalogues: Catalogues | None = None,
    only: str | None = None,
    deep: bool = True,
) -> Standing:
    """Where the estate stands whose evidence the settings name.

    Args:
        settings: where things are.
        day: the date for the user; today where the settings say that they live when None. Of a day that is over, what
            was known when it ended.
        catalogues: those that can be used; all of the settings when None.
        only: the id of the one catalogue to look at, instead of all of them.
        deep: also find out what takes longer.

    Raises:
        ConfigError: a catalogue cannot be used, or the time zone is none.
        NotFound: there is no such catalogue.
        UndercurrentError: as `undercurrent.evidence.open_store` does.
    """
    usable = catalogues or load(settings)
    first = usable.find(only or settings.planning.catalogue)
    used = (first,) if only else (first, *(one for one in usable.all if one != first))
    zone = zone_of(settings.planning.time_zone) if settings.planning.time_zone else None
    day = day or today(settings.planning.time_zone)
    with open_store(settings.evidence.location) as store:
        looked = last_look(store.where)
        read = _Read(store.query(newest=False), day, zone, looked, deep=deep)
        return read.held_against(used, settings, store.where, asked=only is not None)


class _Read:
    """One read of the evidence, oldest first, and what has to be known of it at which moment."""

    def __init__(
        self, records: Iterable[Record], day: date, zone: tzinfo | None, looked: datetime | None, *, deep: bool
    ) -> None:
        self.records, self.day, self.zone, self.looked, self.deep = records, day, zone, looked, deep
        now = datetime.now(UTC)
        end = end_of(day, zone)
        self.over = end <= now
        self.at = end if self.over else now
        self.marks: list[Mark] = []
        self.newest: deque[Record] = deque(maxlen=_RECORDS)
        self.first: date | None = None

    def held_against(self, used: Sequence[Catalogue], settings: Settings, where: str, *, asked: bool) -> Standing:
        """What the catalogues make of it."""
        counted = Counted.of(settings.images, settings.planning.seen_days)
        before, coverage, history = self._counted(counted)
        marks = newest(self.marks)
        lists = [(one, state) for one in used for state in self._checklists(one, coverage, marks)]
        marked = {name.partition("/")[0] for name in marks}
        windows = [state for catalogue in used for state in window_states(catalogue, self.day)]
        return Standing(
            self.at,
            self.day,
            where,
            settings,
            used[0],
            tuple(used),
            coverage,
            changes(before, coverage) if before else None,
            tuple(sorted(windows, key=lambda state: (state.over, abs(state.days)))),
            next_steps(used, coverage.shares, self.day),
            tuple(state for _one, state in lists),
            frozenset(
                state.checklist.id
                for one, state in lists
                if asked or one.origin not in BUILTIN or state.checklist.id in marked
            ),
            tuple(self.marks),
            self._deep(used, history) if self.deep else None,
        )

    def _checklists(
        self, catalogue: Catalogue, coverage: Coverage, marks: Mapping[str, Mark]
    ) -> Iterator[ChecklistState]:
        for checklist in catalogue.checklists:
            yield checklist_state(checklist, coverage, marks, self.day)

    def _counted(self, counted: Counted) -> tuple[Coverage | None, Coverage, tuple[Point, ...]]:
        """What was known at the last look, what is known now, and what was known at the end of each day."""
        days = self._days() if self.deep else ()
        ends = {end_of(day, self.zone): day for day in days if end_of(day, self.zone) < self.at}
        looks = [self.looked] if self.looked and self.looked < self.at else []
        moments = sorted({*ends, *looks, self.at})
        before, points = None, list[Point]()
        now = Coverage(self.at, {})
        for at, tally in passing(self._watched(), moments, counted):
            if at in ends:
                points.append(Point(ends[at], tally.shares(at)))
            if at == self.looked:
                before = tally.coverage(at, listed=True)
            if at == self.at:
                now = tally.coverage(at, listed=True)
        points.append(Point(self.day, now.shares))
        first = self.first or self.day
        return before, now, tuple(point for point in points if point.day >= first)

    def _days(self) -> tuple[date, ...]:
        return tuple(self.day - timedelta(days=back) for back in range(_HISTORY.days, 0, -1))

    def _watched(self) -> Iterator[Record]:
        """The records, as far as they had been made, with what else is to be known of them."""
        for record in self.records:
            if self.over and record.at >= self.at:
                return
            if self.first is None:
                self.first = record.at.astimezone(self.zone).date()
            if mark := mark_of(record):
                self.marks.append(mark)
            if self.deep:
                self.newest.append(record)
            yield record

    def _deep(self, used: Sequence[Catalogue], history: tuple[Point, ...]) -> Deep:
        lists = (checklist for catalogue in used for checklist in catalogue.checklists)
        return Deep(
            history,
            {one.id: burn_down(one, history, self.marks, self.zone) for one in lists},
            frontier(used[0].actions),
            tuple(reversed(self.newest)),
        )
