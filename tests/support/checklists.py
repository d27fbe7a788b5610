"""Checklists, and what evidence says of them, made up for tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from undercurrent.planning.catalogue import Checklist, Item, Label, Measure, Requirement, Section
from undercurrent.planning.checklists import ChecklistState, checklist_state
from undercurrent.planning.coverage import Coverage, Share
from undercurrent.planning.marks import Mark, newest

__all__ = ["DAY", "NOW", "covered", "item", "listed", "mark", "state_of"]

DAY: Final = date(2025, 11, 20)
NOW: Final = datetime(2025, 11, 20, 12, tzinfo=UTC)


def item(key: str, *, due: date | None = None, given: bool | None = None, **required: Any) -> Item:
    """An item; ``required`` is `Requirement`'s, about signed images unless it says otherwise."""
    if "percent" in required:
        required["percent"] = Decimal(required["percent"])
    requirement = Requirement(**{"measure": Measure.IMAGES_SIGNED, **required}) if required else None
    return Item(key, Label(f"做 {key}", f"do {key}"), due, requirement, given)


def listed(*sections: tuple[Item, ...], due: date | None = None) -> Checklist:
    """The checklist ``mine``, with a section of each."""
    parts = (
        Section(f"part-{number}", Label(f"第 {number} 部分", f"Part {number}"), items)
        for number, items in enumerate(sections, 1)
    )
    return Checklist("mine", Label("我的", "Mine"), tuple(parts), due)


def covered(done: int, of: int, measure: Measure = Measure.IMAGES_SIGNED) -> Coverage:
    """So many of so many, counted at `NOW`."""
    return Coverage(NOW, {measure: Share(measure, done, of, NOW if of else None)})


def mark(key: str, *, done: bool = True, at: datetime = NOW, **more: str) -> Mark:
    """A mark on an item of ``mine``, by Ann."""
    return Mark(f"mine/{key}", done, more.pop("by", "ann"), at, **more)


def state_of(checklist: Checklist, coverage: Coverage | None = None, *marks: Mark, day: date = DAY) -> ChecklistState:
    """How it stands on `DAY`, without evidence unless there is some."""
    made: Mapping[str, Mark] = newest(marks)
    return checklist_state(checklist, coverage or Coverage(NOW, {}), made, day)
