"""Bars with rate and time left, for a terminal."""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.progress import Advanced, Event, Finished, Noted, Observer, Started
from undercurrent.report.plain import plain
from undercurrent.report.units import short

__all__ = ["bars_on", "moving"]

_JOBS: Final = {
    "attest": N_("attesting"),
    "copy": N_("copying"),
    "list": N_("looking"),
    "pack": N_("packing"),
    "sbom": N_("listing packages"),
    "sign": N_("signing"),
    "tree": N_("looking"),
    "verify": N_("verifying"),
}
"""What people read of jobs whose names are the same in every language; others name themselves."""

_BAR_WIDTH: Final = 20
_REST: Final = 62  # cells of a bar, its counts and times, and the longest name of a job above
_SHORTEST_ITEM: Final = 10


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _("{speed:.1f}/s").format(speed=speed), style="dim")


def bars_on(err: Console) -> Progress:
    """Bars that nobody sees yet; stop them in the end."""
    # What a bar is about takes the room that the rest leaves, and never takes the rest away.
    item = Column(no_wrap=True, overflow="ellipsis", max_width=max(err.width - _REST, _SHORTEST_ITEM))
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(_BAR_WIDTH),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[item]}", style="dim", markup=False, table_column=item),
        console=err,
        transient=True,
    )


def moving(bars: Progress, note: Callable[[str], None]) -> Observer:
    """An observer that moves ``bars``, and hands messages to ``note``."""
    tasks: dict[str, TaskID] = {}

    def observe(event: Event) -> None:
        match event:
            case Started(job, total) if job in tasks:
                bars.update(tasks[job], total=total)
            case Started(job, total):
                bars.start()  # not before: a command without progress writes nothing here
                name = _JOBS.get(job, job)
                tasks[job] = bars.add_task(plain(_(name)), total=total, item="")
            case Advanced(job, steps, item, _failed) if job in tasks:
                bars.update(tasks[job], advance=steps, item=plain(short(item)))
            case Finished(job) if job in tasks:
                bars.remove_task(tasks.pop(job))
            case Noted(message):
                note(message)

    return observe
