"""Shares over time: a line for each, with its name at its end."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from undercurrent.report.page.charts.axes import NARROW, Scale, date_ticks, picture, spread, text, text_width
from undercurrent.report.page.markup import Element, e

__all__ = ["Line", "marker", "over_time"]

_LABEL: Final = 18
_TICKS: Final = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        name: at its end.
        values: percent, for each of the days; None where nothing was known.
    """

    name: str
    values: Sequence[float | None]

    @property
    def last(self) -> float | None:
        """The newest value that is known."""
        return next((value for value in reversed(self.values) if value is not None), None)


def over_time(
    name: str, title: str, description: str, days: Sequence[date], lines: Sequence[Line], width: float
) -> Element:
    """The lines.

    Args:
        name: of the picture.
        title: of the picture.
        description: for those who cannot see it.
        days: at least one, in order.
        lines: as many values each as there are days.
        width: of the picture, pixels.
    """
    shown = [(number, line) for number, line in enumerate(lines) if line.last is not None]
    below = _LABEL * len(shown) + 10 if width <= NARROW else 0
    labels = [_label(line) for _number, line in shown]
    right = width - (14 if below else 22 + max(map(text_width, labels), default=0))
    bottom = 252.0
    across = Scale(days[0].toordinal(), max(days[-1].toordinal(), days[0].toordinal() + 1), 40, right)
    up = Scale(0, 100, bottom, 14)
    drawn = [_drawn(number, line, days, across, up, ends=bool(below)) for number, line in shown]
    if below:
        legend = [
            (marker(number, 9, bottom + 40 + _LABEL * row), text(22, bottom + 44 + _LABEL * row, label))
            for row, ((number, _line), label) in enumerate(zip(shown, labels, strict=True))
        ]
    else:
        places = spread([up(line.last or 0) for _number, line in shown], _LABEL, 14, bottom)
        legend = [
            (marker(number, right + 12, place), text(right + 22, place + 4, label))
            for (number, _line), label, place in zip(shown, labels, places, strict=True)
        ]
    grid = list(_grid(days, across, up, right, 4 if below else 8))
    return picture(name, title, description, width, bottom + 30 + below, grid, drawn, legend)


def marker(number: int, x: float, y: float, size: float = 4.5) -> Element:
    """The sign of a line: shapes differ as colours do."""
    kind = f"mark s{number % 5}"
    match number % 4:
        case 0:
            return e("circle", cx=x, cy=y, r=size, class_=kind)
        case 1:
            return e("rect", x=x - size, y=y - size, width=2 * size, height=2 * size, class_=kind)
        case 2:
            points = f"{x:.1f},{y - size - 1:.1f} {x + size + 1:.1f},{y + size:.1f} {x - size - 1:.1f},{y + size:.1f}"
            return e("polygon", points=points, class_=kind)
        case _:
            far = size + 1.5
            points = f"{x:.1f},{y - far:.1f} {x + far:.1f},{y:.1f} {x:.1f},{y + far:.1f} {x - far:.1f},{y:.1f}"
            return e("polygon", points=points, class_=kind)


def _label(line: Line) -> str:
    return f"{line.name} {math.floor(line.last or 0)}%"


def _grid(days: Sequence[date], across: Scale, up: Scale, right: float, most: int) -> Iterator[Element]:
    for percent in _TICKS:
        y = up(percent)
        yield e("line", x1=40, x2=right, y1=y, y2=y, class_="axis" if percent == 0 else "grid")
        yield text(34, y + 4, f"{percent}%", class_="tick", anchor="end")
    for day, named in date_ticks(days[0], days[-1], most):
        x = across(day.toordinal())
        yield e("line", x1=x, x2=x, y1=up(0), y2=up(0) + 5, class_="axis")
        yield text(x, up(0) + 20, named, class_="tick", anchor="start" if x < 60 else "middle")  # noqa: PLR2004 - the edge


def _drawn(number: int, line: Line, days: Sequence[date], across: Scale, up: Scale, *, ends: bool) -> Element:
    points = [
        (across(day.toordinal()), up(value)) for day, value in zip(days, line.values, strict=True) if value is not None
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return e(
        "g", e("polyline", points=path, class_=f"line s{number % 5}"), marker(number, *points[-1]) if ends else None
    )
