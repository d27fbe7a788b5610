"""Views of checklists: which there are, how their items stand, what was marked, written and read."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Checklist, Section
from undercurrent.planning.checklists import ChecklistState, ItemState, State, reasons
from undercurrent.planning.importing import Imported
from undercurrent.report.model import Block, Cell, Mood, Report, Table, Text, Tree
from undercurrent.workflows.checklistfiles import Change, Written
from undercurrent.workflows.checklists import Looked, Marked

__all__ = ["every", "imported", "item_data", "marked", "one", "status", "written"]

_SIGNS: Final[dict[State, tuple[str, Mood, str]]] = {
    State.DONE: ("✓", "good", N_("done")),
    State.MARKED: ("✎", "", N_("by hand")),
    State.OPEN: ("○", "", N_("open")),
    State.OVERDUE: ("!", "bad", N_("overdue")),
    State.UNCHECKABLE: ("?", "quiet", N_("not checkable here")),
}
_SHOWN: Final = 5
"""Items of each kind that are told of one checklist, where all checklists are asked for."""


def every(looked: Looked) -> Report:
    """A line for each checklist."""
    rows: list[list[Cell | str]] = [
        [state.checklist.id, str(state.checklist.title), f"{state.ticked}/{len(state.items)}", _late(state)]
        for state in looked.states
    ]
    table = Table(
        [_("id"), _("checklist"), _("ticked"), _("overdue")], rows, right=frozenset({2, 3}), squeeze=frozenset({1})
    )
    count = len(rows)
    summary = ngettext("{count} checklist", "{count} checklists", count).format(count=count)
    return Report("checklists", _data(looked), [table] if rows else [], summary=Cell(summary))


def _late(state: ChecklistState) -> Cell:
    return Cell(str(len(state.late)), "bad" if state.late else "quiet")


def one(looked: Looked) -> Report:
    """All items of each checklist that was looked at, with why they are in their state."""
    blocks: list[Block] = []
    for state in looked.states:
        title = _dated(str(state.checklist.title), state.checklist.due)
        blocks += [Text(title, "strong"), *(_section(state, part, looked.zone) for part in state.checklist.sections)]
    counts = " · ".join(_counts(looked.states))
    data = _data(looked)
    for entry, state in zip(data["checklists"], looked.states, strict=True):
        entry["source"] = _source_data(state.checklist)
        entry["sections"] = [_section_data(state, part) for part in state.checklist.sections]
    return Report("checklist", data, blocks, summary=Cell(counts))


def _section(state: ChecklistState, section: Section, zone: tzinfo | None) -> Tree:
    children = [_line(item, zone) for item in state.items if item.section is section]
    return Tree(Cell(_dated(str(section.title), section.due), "strong"), children)


def _line(item: ItemState, zone: tzinfo | None, *, due: bool = False) -> Tree:
    """The line of an item, and below it why it is in its state.

    Args:
        item: which.
        zone: of dates.
        due: also tell a last day that is not its own.
    """
    sign, mood, _name = _SIGNS[item.state]
    text = _dated(f"{sign} {item.item.id}: {item.item.text}", item.due if due else item.item.due)
    said = list(reasons(item, zone))
    if item.state is State.MARKED and not item.mark:
        said.insert(0, _("ticked in the list itself"))
    if item.item.requirement and (item.share is None or item.share.of == 0):
        said.append(_("evidence knows nothing of that kind"))
    children = [Tree(Cell(" · ".join(said), "unsure" if item.refuted else "quiet"))] if said else []
    return Tree(Cell(text, mood), children)


def _dated(text: str, due: object) -> str:
    return _("{text} (by {day})").format(text=text, day=due) if due else text


def _counts(states: Iterable[ChecklistState]) -> Iterator[str]:
    every = tuple(states)
    for state, (sign, _mood, name) in _SIGNS.items():
        count = sum(one.count(state) for one in every)
        if count:
            yield f"{sign} {count} {_(name)}"


def status(looked: Looked, *, whole: bool, exit_code: bool) -> Report:
    """How many items are in which state, what is overdue, and what comes next.

    Args:
        looked: the checklists.
        whole: tell every item that is overdue, not only the first.
        exit_code: end with 1 if there is one.
    """
    columns = [_("checklist"), *(_(name) for _sign, _mood, name in _SIGNS.values())]
    rows: list[list[Cell | str]] = [
        [state.checklist.id, *(_number(state, kind) for kind in State)] for state in looked.states
    ]
    trees = [tree for state in looked.states for tree in _due_soon(state, looked.zone, whole=whole)]
    late = sum(len(state.late) for state in looked.states)
    if late:
        text = ngettext("{count} item is overdue", "{count} items are overdue", late).format(count=late)
        summary = Cell(text, "bad")
    else:
        summary = Cell(_("nothing is overdue"), "good")
    return Report(
        "checklist-status",
        _data(looked),
        [Table(columns, rows, right=frozenset(range(1, len(columns)))), *trees],
        summary=summary,
        exit_code=int(exit_code and late > 0),
    )


def _number(state: ChecklistState, kind: State) -> Cell:
    count = state.count(kind)
    return Cell(str(count), _SIGNS[kind][1] if count else "quiet")


def _due_soon(state: ChecklistState, zone: tzinfo | None, *, whole: bool) -> Iterator[Tree]:
    waiting = [item for item in state.items if item.due and not item.ticked and item.due >= state.day]
    for title, items in ((_("{list}: overdue"), state.late), (_("{list}: next"), tuple(waiting))):
        ordered = sorted(items, key=lambda item: (item.due is None, item.due))
        shown = ordered if whole else ordered[:_SHOWN]
        children = [_line(item, zone, due=True) for item in shown]
        if more := len(ordered) - len(shown):
            children.append(Tree(Cell(_("… and {count} more").format(count=more), "quiet")))
        if children:
            yield Tree(Cell(title.format(list=state.checklist.id), "strong"), children)


def marked(items: Sequence[Marked], zone: tzinfo | None, *, dry_run: bool) -> Report:
    """How items stand after they were marked."""
    trees = [_line(each.item, zone) for each in items]
    count = len(items)
    text = (
        ngettext("{count} mark would be kept", "{count} marks would be kept", count)
        if dry_run
        else ngettext("{count} mark kept as evidence", "{count} marks kept as evidence", count)
    )
    data = {
        "dry_run": dry_run,
        "items": [{"checklist": each.checklist.id, **item_data(each.item)} for each in items],
    }
    return Report("checklist-mark", data, trees, summary=Cell(text.format(count=count)))


_CHANGES: Final = {
    Change.NEW: (N_("new"), N_("would be new")),
    Change.CHANGED: (N_("changed"), N_("would be changed")),
    Change.UNCHANGED: (N_("unchanged"), N_("unchanged")),
}


def written(files: Sequence[Written], *, dry_run: bool) -> Report:
    """What became of each file, and which boxes in it somebody changed."""
    rows: list[list[Cell | str]] = [
        [str(file.path), _(_CHANGES[file.change][dry_run]), f"{file.state.ticked}/{len(file.state.items)}"]
        for file in files
    ]
    table = Table([_("file"), _("outcome"), _("ticked")], rows, right=frozenset({2}), squeeze=frozenset({0}))
    notes = [note for file in files for note in _boxes(file)]
    count = len(files)
    text = ngettext("{count} file", "{count} files", count).format(count=count)
    data = {"dry_run": dry_run, "files": [_file_data(file) for file in files]}
    return Report("checklist-export", data, [table, *notes], summary=Cell(text))


def _boxes(file: Written) -> Iterator[Text]:
    names = (_names(file.exported.ticked), _names(file.exported.emptied), _names(file.exported.proved))
    if names[0]:
        text = _("{file}: ticked in it by hand: {items}; --adopt takes them over as marks")
        yield Text(text.format(file=file.path, items=names[0]), "unsure")
    if names[1]:
        text = _("{file}: emptied in it by hand: {items}; --adopt opens them again")
        yield Text(text.format(file=file.path, items=names[1]), "unsure")
    if names[2]:
        text = _("{file}: emptied in it by hand, and ticked again, since evidence shows them: {items}")
        yield Text(text.format(file=file.path, items=names[2]), "unsure")
    if file.adopted:
        names_taken = _names(mark.subject.partition("/")[2] for mark in file.adopted)
        yield Text(_("{file}: taken over as marks: {items}").format(file=file.path, items=names_taken))


def _names(items: Iterable[str]) -> str:
    return listed(items)


def imported(found: Imported, to: Path, *, dry_run: bool) -> Report:
    """What a list became."""
    checklist = found.checklist
    rows: list[list[Cell | str]] = [
        [
            section.id,
            str(section.title),
            str(len(section.items)),
            str(sum(item.given is True for item in section.items)),
        ]
        for section in checklist.sections
    ]
    table = Table(
        [_("part"), _("title"), _("items"), _("ticked")], rows, right=frozenset({2, 3}), squeeze=frozenset({1})
    )
    notes: list[Block] = []
    if found.left_out:
        text = ngettext(
            "{count} entry without a box is left out", "{count} entries without a box are left out", found.left_out
        )
        notes.append(Text(text.format(count=found.left_out), "unsure"))
    done = _("checklist {id} would go into {path}") if dry_run else _("checklist {id} is in {path}")
    notes.append(Text(_("name the file in the setting `planning.catalogues`, and it is used"), "quiet"))
    data = {
        "dry_run": dry_run,
        "file": str(to),
        "checklist": checklist.id,
        "sections": len(checklist.sections),
        "items": sum(len(section.items) for section in checklist.sections),
        "left_out": found.left_out,
    }
    return Report(
        "checklist-import", data, [table, *notes], summary=Cell(done.format(id=checklist.id, path=to), "good")
    )


def _data(looked: Looked) -> dict[str, Any]:
    return {"day": looked.day.isoformat(), "checklists": [_checklist_data(state) for state in looked.states]}


def _checklist_data(state: ChecklistState) -> dict[str, Any]:
    return {
        "id": state.checklist.id,
        "title": str(state.checklist.title),
        "due": state.checklist.due.isoformat() if state.checklist.due else None,
        "items": len(state.items),
        "ticked": state.ticked,
        "states": {kind.value: state.count(kind) for kind in State},
        "overdue": [item_data(item) for item in state.late],
        "refuted": [item_data(item) for item in state.refuted],
    }


def _source_data(checklist: Checklist) -> dict[str, Any] | None:
    source = checklist.source
    return {"text": source.text, "read": source.read.isoformat()} if source else None


def _section_data(state: ChecklistState, section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": str(section.title),
        "due": section.due.isoformat() if section.due else None,
        "items": [item_data(item) for item in state.items if item.section is section],
    }


def item_data(item: ItemState) -> dict[str, Any]:
    """An item, for machines: its state, and all that it comes from."""
    asked, share, mark = item.item.requirement, item.share, item.mark
    return {
        "id": item.item.id,
        "section": item.section.id,
        "text": str(item.item.text),
        "state": item.state.value,
        "due": item.due.isoformat() if item.due else None,
        "given": item.item.given,
        "refuted": item.refuted,
        "requirement": {
            "measure": asked.measure.value,
            "at_least": asked.at_least,
            "percent": None if asked.percent is None else float(asked.percent),
        }
        if asked
        else None,
        "evidence": {
            "done": share.done,
            "of": share.of,
            "as_of": share.as_of.isoformat() if share.as_of else None,
            "records": list(share.records),
        }
        if share
        else None,
        "mark": {
            "done": mark.done,
            "by": mark.by,
            "note": mark.note,
            "at": mark.at.isoformat(),
            "record": mark.record or None,
        }
        if mark
        else None,
    }


def _file_data(file: Written) -> dict[str, Any]:
    return {
        "file": str(file.path),
        "checklist": file.state.checklist.id,
        "change": file.change.value,
        "ticked": file.state.ticked,
        "items": len(file.state.items),
        "ticked_by_hand": list(file.exported.ticked),
        "emptied_by_hand": list(file.exported.emptied),
        "ticked_again": list(file.exported.proved),
        "adopted": [mark.subject for mark in file.adopted],
    }
