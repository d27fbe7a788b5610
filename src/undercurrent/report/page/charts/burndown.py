"""What is open on a list, day by day, against the straight way to its last day."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from undercurrent.report.page.charts.axes import Scale, date_ticks, picture, round_ticks, text
from undercurrent.report.page.markup import Element, e

__all__ = ["burn_down"]

_WIDTH: Final = 268.0
"""Pixels: there are several of them, side by side."""
_BOTTOM: Final = 150.0
_LEFT: Final = 30.0


def burn_down(
    name: str, title: str, description: str, points: Sequence[tuple[date, int]], total: int, due: date | None
) -> Element:
    """The steps.

    Args:
        name: of the picture.
        title: of the picture.
        description: for those who cannot see it.
        points: days, at least one, and how many items were open on each.
        total: items on the list.
        due: its last day; no straight way without one.
    """
    first, last = points[0][0], max(points[-1][0], due or points[-1][0])
    across = Scale(first.toordinal(), max(last.toordinal(), first.toordinal() + 1), _LEFT, _WIDTH - 10)
    ticks = round_ticks(0, max(total, 1), 4)
    up = Scale(0, ticks[-1], _BOTTOM, 12)
    grid = [
        (
            e("line", x1=_LEFT, x2=_WIDTH - 10, y1=up(tick), y2=up(tick), class_="grid" if tick else "axis"),
            text(_LEFT - 6, up(tick) + 4, f"{tick:.0f}", class_="tick", anchor="end"),
        )
        for tick in ticks
        if tick == int(tick)
    ]
    days = [
        text(across(day.toordinal()), _BOTTOM + 18, named, class_="tick", anchor=_anchor(across(day.toordinal())))
        for day, named in date_ticks(first, last, 3)
    ]
    path = f"M{across(first.toordinal()):.1f} {up(points[0][1]):.1f}"
    for day, count in points[1:]:
        path += f"H{across(day.toordinal()):.1f}V{up(count):.1f}"
    straight = due and e(
        "line", x1=across(first.toordinal()), y1=up(total), x2=across(due.toordinal()), y2=up(0), class_="ideal"
    )
    end = e("circle", cx=across(points[-1][0].toordinal()), cy=up(points[-1][1]), r=4.5, class_="mark s0")
    line = e("path", d=path, class_="line s0")
    return picture(name, title, description, _WIDTH, _BOTTOM + 26, grid, days, straight or None, line, end)


def _anchor(x: float) -> str:
    return "start" if x < _LEFT + 10 else "end" if x > _WIDTH - 30 else "middle"
