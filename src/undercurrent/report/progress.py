"""Shows progress: a bar with rate and time left on a terminal, nothing but notes where there is none."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from undercurrent.i18n import translate as _
from undercurrent.progress import Advanced, Event, Finished, Noted, Observer, Started
from undercurrent.report.human import console

__all__ = ["watching"]


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _("{speed:.1f}/s").format(speed=speed), style="dim")


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Observer]:
    """An observer that shows what it is told on standard error.

    Args:
        quiet: show nothing.
    """
    if quiet:
        yield lambda _event: None
        return
    err = console(sys.stderr)
    if not err.is_terminal:
        yield lambda event: err.print(event.message, style="dim") if isinstance(event, Noted) else None
        return
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[item]}", style="dim"),
        console=err,
        transient=True,
    )
    tasks: dict[str, int] = {}

    def observe(event: Event) -> None:
        match event:
            case Started(job, total):
                if job in tasks:
                    bars.update(tasks[job], total=total)  # type: ignore[arg-type]  # an int is a TaskID
                else:
                    tasks[job] = bars.add_task(job, total=total, item="")
            case Advanced(job, steps, item, _failed):
                bars.update(tasks[job], advance=steps, item=item)  # type: ignore[arg-type]
            case Noted(message):
                bars.console.print(message, style="dim")
            case Finished(job):
                if job in tasks:
                    bars.remove_task(tasks.pop(job))  # type: ignore[arg-type]

    with bars:
        yield observe
