"""Checklists as a run uses them: found in catalogues, compared with evidence, and marked by hand."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from undercurrent import tomlfile
from undercurrent.errors import NotFound, UsageError
from undercurrent.evidence import new_run_id, open_store
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Catalogue, Checklist
from undercurrent.planning.checklists import ChecklistState, ItemState, checklist_state
from undercurrent.planning.coverage import Coverage
from undercurrent.planning.marks import KIND, Mark, mark_of, newest, subject
from undercurrent.planning.windows import today, zone_of
from undercurrent.settings import Settings
from undercurrent.workflows.covering import covered

__all__ = ["Asked", "Looked", "Marked", "keep_marks", "look", "mark", "zone_in"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which checklists a run is about.

    Attributes:
        catalogues: where they are looked for.
        names: their ids; all of them when empty.
        day: the date that it is for the user; today when None.
    """

    catalogues: tuple[Catalogue, ...]
    names: tuple[str, ...] = ()
    day: date | None = None

    def found(self) -> tuple[Checklist, ...]:
        """The checklists, in the order of the names.

        Raises:
            NotFound: there is none of that name.
            UsageError: there are several.
        """
        every = [(catalogue.id, checklist) for catalogue in self.catalogues for checklist in catalogue.checklists]
        if not self.names:
            return tuple(checklist for _catalogue, checklist in every)
        return tuple(_only(name, every) for name in dict.fromkeys(self.names))


def _only(name: str, every: Sequence[tuple[str, Checklist]]) -> Checklist:
    matching = [(catalogue, checklist) for catalogue, checklist in every if checklist.id == name]
    if len(matching) > 1:
        raise UsageError(
            _("several catalogues have a checklist {name!r}: {catalogues}").format(
                name=name, catalogues=listed(catalogue for catalogue, _checklist in matching)
            ),
            hint=_("say which with --catalogue"),
        )
    if not matching:
        raise NotFound(
            _("there is no checklist {name!r}").format(name=name),
            hint=tomlfile.suggestion(name, [checklist.id for _catalogue, checklist in every]),
        )
    return matching[0][1]


@dataclass(frozen=True, slots=True)
class Looked:
    """How checklists stand.

    Attributes:
        checklists: in the order in which they were asked for.
        coverage: what evidence shows.
        marks: the newest of each item.
        day: the date for the user.
        zone: in which days begin and end; the machine's when None.
    """

    checklists: tuple[Checklist, ...]
    coverage: Coverage
    marks: Mapping[str, Mark]
    day: date
    zone: tzinfo | None = None

    @property
    def states(self) -> tuple[ChecklistState, ...]:
        """One for each checklist."""
        return tuple(checklist_state(one, self.coverage, self.marks, self.day) for one in self.checklists)

    def after(self, marks: Iterable[Mark]) -> "Looked":
        """How they stand once ``marks`` are made, too."""
        made = newest((*self.marks.values(), *marks))
        return Looked(self.checklists, self.coverage, made, self.day, self.zone)


def look(asked: Asked, settings: Settings) -> Looked:
    """Compares checklists with evidence, which is read once.

    Raises:
        NotFound, UsageError: as `Asked.found` does.
        ConfigError: there is no such time zone as the settings name.
        UndercurrentError: as `undercurrent.evidence.open_store` does.
    """
    checklists = asked.found()
    zone, day = zone_in(settings), asked.day or today(settings.planning.time_zone)
    with open_store(settings.evidence.location) as store:
        marks = newest(made for record in store.query(kind=KIND) if (made := mark_of(record)))
        return Looked(checklists, covered(store, settings, datetime.now(UTC)), marks, day, zone)


def zone_in(settings: Settings) -> tzinfo | None:
    """The time zone in which days begin and end; the machine's when None.

    Raises:
        ConfigError: there is no such time zone as the settings name.
    """
    name = settings.planning.time_zone
    return zone_of(name) if name else None


@dataclass(frozen=True, slots=True)
class Marked:
    """An item that was marked, and how it stands now."""

    checklist: Checklist
    item: ItemState
    mark: Mark


def mark(
    asked: Asked,
    names: Sequence[str],
    settings: Settings,
    *,
    by: str,
    done: bool = True,
    note: str = "",
    dry_run: bool = False,
) -> tuple[Marked, ...]:
    """Marks items by hand, all of them or none.

    Args:
        asked: where the items are.
        names: ``CHECKLIST/ITEM``, or the item's id where no other checklist has it.
        settings: where evidence is kept.
        by: who says so.
        done: whether they are done; else they are opened again.
        note: why.
        dry_run: only say how they would stand.

    Raises:
        NotFound: there is no such item.
        UsageError: several checklists have it.
    """
    looked = look(asked, settings)
    subjects = dict.fromkeys(_subject(name, looked.states) for name in names)
    marks = [Mark(one, done, by, datetime.now(UTC), note) for one in subjects]
    keep_marks(marks, settings, dry_run=dry_run)
    after = {
        subject(state.checklist.id, one.item.id): (state.checklist, one)
        for state in looked.after(marks).states
        for one in state.items
    }
    return tuple(Marked(*after[one.subject], one) for one in marks)


def keep_marks(marks: Iterable[Mark], settings: Settings, *, dry_run: bool = False) -> None:
    """Records marks as evidence, all of them or none.

    Args:
        marks: to be kept.
        settings: where evidence is kept.
        dry_run: only see whether they could be.

    Raises:
        UsageError: a text is longer than evidence keeps, or no database can hold it.
        UndercurrentError: as `undercurrent.evidence.open_store` does.
    """
    run = new_run_id()
    records = [one.as_record(run) for one in marks]
    if records and not dry_run:
        with open_store(settings.evidence.location) as store:
            store.record(*records)


def _subject(name: str, states: Sequence[ChecklistState]) -> str:
    known = {subject(state.checklist.id, one.item.id): one.item.id for state in states for one in state.items}
    found = [name] if name in known else [key for key, item in known.items() if item == name]
    if len(found) > 1:
        raise UsageError(
            _("several checklists have an item {name!r}").format(name=name),
            hint=_("say which: {names}").format(names=listed(found)),
        )
    if not found:
        close = difflib.get_close_matches(name, known if "/" in name else dict.fromkeys(known.values()), 1)
        raise NotFound(
            _("no checklist has an item {name!r}").format(name=name),
            hint=_("did you mean {name!r}?").format(name=close[0])
            if close
            else _("`uc plan checklist show ID` shows the items of a checklist"),
        )
    return found[0]
