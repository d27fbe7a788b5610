"""Dates on a line of time: what is over lies before today, what is open after it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from undercurrent.report.page.charts.axes import NARROW, Scale, date_ticks, fitted, picture, text
from undercurrent.report.page.markup import Element, e

__all__ = ["Mark", "Nearness", "timeline"]

Nearness: TypeAlias = Literal["over", "near", "open"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One date.

    Attributes:
        day: the date.
        name: what it is.
        left: how many days are left, or for how long it has been over, in words.
        nearness: whether to hurry.
    """

    day: date
    name: str
    left: str
    nearness: Nearness


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where rows are: the text beside the bar where there is room, else above it."""

    width: float

    @property
    def narrow(self) -> bool:
        return self.width <= NARROW

    @property
    def height(self) -> float:
        return 44 if self.narrow else 30

    @property
    def bar(self) -> tuple[float, float]:
        return (8, self.width - 8) if self.narrow else (270, self.width - 130)


_TOP: Final = 26


def timeline(
    name: str, title: str, description: str, marks: Sequence[Mark], today: date, now: str, width: float
) -> Element:
    """The dates, a row each.

    Args:
        name: of the picture.
        title: of the picture.
        description: for those who cannot see it.
        marks: at least one, in the order in which they are shown.
        today: where the line of today is.
        now: what that line is called.
        width: of the picture, pixels.
    """
    rows = _Rows(width)
    first = min(today, *(mark.day for mark in marks))
    last = max(today, *(mark.day for mark in marks))
    across = Scale(first.toordinal(), max(last.toordinal(), first.toordinal() + 1), *rows.bar)
    bottom = _TOP + rows.height * len(marks) + 4
    x = across(today.toordinal())
    anchor = "end" if x > rows.bar[1] - 40 else "start" if x < rows.bar[0] + 40 else "middle"
    return picture(
        name,
        title,
        description,
        width,
        bottom + 26,
        list(_axis(first, last, across, bottom, 4 if rows.narrow else 5)),
        e("line", x1=x, x2=x, y1=18, y2=bottom, class_="today"),
        text(x, 12, now, class_="strong", anchor=anchor),
        [_row(mark, _TOP + rows.height * number, rows, across, x) for number, mark in enumerate(marks)],
    )


def _axis(first: date, last: date, across: Scale, bottom: float, most: int) -> Iterator[Element]:
    yield e("line", x1=across.start, x2=across.end, y1=bottom, y2=bottom, class_="axis")
    for day, named in date_ticks(first, last, most):
        x = across(day.toordinal())
        yield e("line", x1=x, x2=x, y1=_TOP, y2=bottom, class_="grid")
        anchor = "end" if x > across.end - 10 else "start" if x < across.start + 10 else "middle"
        yield text(x, bottom + 18, named, class_="tick", anchor=anchor)


def _row(mark: Mark, top: float, rows: _Rows, across: Scale, now: float) -> Element:
    x = across(mark.day.toordinal())
    y = top + (30 if rows.narrow else 15)
    words = rows.width - 130 if rows.narrow else rows.bar[0] - 24
    baseline = top + 15 if rows.narrow else y + 4
    class_ = f"window {mark.nearness}"
    bar = e("rect", x=min(x, now), y=y - 3, width=max(abs(x - now), 1), height=6, rx=3, class_="bar")
    tip = e("path", d=f"M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z", class_="tip")
    return e(
        "g",
        text(0, baseline, fitted(mark.name, words)),
        text(rows.width, baseline, mark.left, class_="left", anchor="end"),
        bar,
        tip,
        e("title", f"{mark.day.isoformat()} {mark.name}"),
        class_=class_,
    )
