"""Checklists in Markdown files: written with boxes as they stand, and anybody's list read into a catalogue."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.planning.boxes import Exported, export
from undercurrent.planning.checklists import ChecklistState
from undercurrent.planning.importing import Imported, read_markdown
from undercurrent.planning.marks import Mark, subject
from undercurrent.planning.writing import as_toml
from undercurrent.settings import Settings
from undercurrent.workflows.checklists import Looked, keep_marks
from undercurrent.workflows.keeping import keep, read_back

__all__ = ["Change", "Written", "import_list", "texts", "write_lists"]

_MARKDOWN: Final = ".md"
_LARGEST: Final = 256
"""KiB of a file that people wrote."""


class Change(StrEnum):
    """What becomes of a file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a checklist was written to.

    Attributes:
        state: the checklist, as it is written.
        path: where.
        change: what became of the file.
        exported: its text, and the boxes in it that somebody changed and that were not taken over.
        adopted: marks that were made of boxes that somebody changed.
    """

    state: ChecklistState
    path: Path
    change: Change
    exported: Exported
    adopted: tuple[Mark, ...] = ()


def texts(looked: Looked) -> str:
    """The checklists in Markdown, one after another."""
    return "\n".join(export(state, zone=looked.zone).text for state in looked.states)


def write_lists(
    looked: Looked, to: Path, settings: Settings, *, adopt_by: str = "", dry_run: bool = False
) -> tuple[Written, ...]:
    """Writes each checklist to a file. What people wrote in it stays; a file without changes is not touched.

    Every file is looked at before the first is written.

    Args:
        looked: the checklists.
        to: a file for one checklist, or a folder, which gets ``ID.md`` for each and is made where there is none.
        settings: where evidence is kept.
        adopt_by: who takes over boxes that somebody changed in the files, as marks made by hand; nobody when empty.
        dry_run: only say what would be done.

    Raises:
        UsageError: a file is not one that was exported before, or several checklists would be one file.
        EnvironmentLacks: a file cannot be written.
    """
    written = [_prepared(looked, number, path, adopt_by) for number, path in enumerate(_places(looked, to))]
    keep_marks([one for each in written for one in each.adopted], settings, dry_run=dry_run)
    if not dry_run:
        for each in written:
            if each.change is not Change.UNCHANGED:
                each.path.parent.mkdir(parents=True, exist_ok=True)
                keep(each.exported.text, each.path)
    return tuple(written)


def _places(looked: Looked, to: Path) -> Sequence[Path]:
    if to.is_dir() or (to.suffix != _MARKDOWN and not to.exists()):
        names = Counter(checklist.id for checklist in looked.checklists)
        if twice := [name for name, count in names.items() if count > 1]:
            raise UsageError(
                _("several catalogues have a checklist {name!r}").format(name=twice[0]),
                hint=_("say which with --catalogue"),
            )
        return [to / f"{name}{_MARKDOWN}" for name in names]
    if len(looked.checklists) != 1:
        raise UsageError(
            _("{count} checklists do not go into one file").format(count=len(looked.checklists)),
            hint=_("name one of them, or a folder with --to"),
        )
    return [to]


def _prepared(looked: Looked, number: int, path: Path, adopt_by: str) -> Written:
    state = looked.states[number]
    old = read_back(path, at_most=_LARGEST) if path.exists() else None
    exported = export(state, old or "", looked.zone, where=path)
    marks = tuple(_adopted(state, exported, path, adopt_by)) if adopt_by else ()
    if marks:
        state = looked.after(marks).states[number]
        exported = export(state, old or "", looked.zone, where=path)
    changed = Change.UNCHANGED if old == exported.text else Change.CHANGED
    return Written(state, path, Change.NEW if old is None else changed, exported, marks)


def _adopted(state: ChecklistState, exported: Exported, path: Path, by: str) -> Iterator[Mark]:
    note = _("in {file}").format(file=path.name)
    for items, done in ((exported.ticked, True), (exported.emptied, False)):
        for item in items:
            yield Mark(subject(state.checklist.id, item), done, by, datetime.now(UTC), note)


def import_list(file: Path, to: Path | None, day: date, *, dry_run: bool = False) -> tuple[Imported, str]:
    """Makes a catalogue of somebody's list in Markdown.

    Args:
        file: the list.
        to: where the catalogue goes; nowhere when None.
        day: the date that it is.
        dry_run: only read.

    Returns:
        What was read, and the catalogue as TOML.

    Raises:
        UsageError: there is no list in the file, or ``to`` is there already.
        EnvironmentLacks: ``to`` cannot be written.
    """
    imported = read_markdown(read_back(file, at_most=_LARGEST), file.name, day)
    text = as_toml(imported.checklist)
    if to is not None and os.path.lexists(to):
        raise UsageError(
            _("{path} is there already").format(path=to),
            hint=_("choose another name: what was written into a catalogue by hand would be lost"),
        )
    if to is not None and not dry_run:
        keep(text, to)
    return imported, text
