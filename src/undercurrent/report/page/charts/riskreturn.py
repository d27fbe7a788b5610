"""Risk against return: every action a dot, the best that each risk can buy a line above them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from undercurrent.report.page.charts.axes import (
    FONT,
    NARROW,
    Logarithmic,
    Scale,
    picture,
    round_ticks,
    text,
    text_width,
)
from undercurrent.report.page.markup import Element, e

__all__ = ["Dot", "Limit", "risk_and_return"]

_TOP: Final = 34.0
_ROWS: Final = 3
_ROW: Final = 14.0
"""Names of limits that would touch stand in several rows."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One action.

    Attributes:
        name: what it is called.
        short: what it is called where there is little room.
        risk: loss to be expected.
        gain: what it returns.
        chosen: whether it is among the recommended ones.
    """

    name: str
    short: str
    risk: float
    gain: float
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget of risk, and what it is called."""

    name: str
    risk: float


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def risk_and_return(
    name: str,
    title: str,
    description: str,
    dots: Sequence[Dot],
    frontier: Sequence[tuple[float, float]],
    limits: Sequence[Limit],
    axes: tuple[str, str],
    shown: Callable[[float], str],
    width: float,
) -> Element:
    """The dots and the line.

    Args:
        name: of the picture.
        title: of the picture.
        description: for those who cannot see it.
        dots: the actions.
        frontier: risk and return of the best choices, risk ascending.
        limits: budgets of risk.
        axes: what lies across, and what upwards.
        shown: writes an amount.
        width: of the picture, pixels.
    """
    narrow = width <= NARROW
    bottom = 270.0 if narrow else 330.0
    gains = [*(dot.gain for dot in dots), *(gain for _risk, gain in frontier), 1.0]
    risks = [*(dot.risk for dot in dots), *(risk for risk, _gain in frontier), 1.0]
    ticks = round_ticks(0, max(gains), 4)
    left = 10 + max(text_width(shown(tick)) for tick in ticks)
    across = Logarithmic(max(risks) * 1.3, left + 6, width - 10)
    up = Scale(0, ticks[-1], bottom, _TOP + _ROW * (_ROWS - 1))
    drawn = [_frontier(frontier, across, up)] if frontier else []
    return picture(
        name,
        title,
        description,
        width,
        bottom + 40,
        list(_grid(across, up, ticks, left, shown)),
        text(0, 12, axes[1], class_="tick"),
        text(width - 2, bottom + 36, axes[0], class_="tick", anchor="end"),
        list(_limits(limits, across, bottom)),
        drawn,
        list(_dots(dots, across, up, width, list(_steps(frontier, across, up)))),
    )


def _grid(
    across: Logarithmic, up: Scale, ticks: Sequence[float], left: float, shown: Callable[[float], str]
) -> Iterator[Element]:
    for tick in ticks:
        yield e("line", x1=left, x2=across.end, y1=up(tick), y2=up(tick), class_="grid" if tick else "axis")
        yield text(left - 6, up(tick) + 4, shown(tick), class_="tick", anchor="end")
    for tick in across.ticks:
        yield e("line", x1=across(tick), x2=across(tick), y1=up.start, y2=up.start + 5, class_="axis")
        yield text(across(tick), up.start + 19, shown(tick), class_="tick", anchor="middle")


def _limits(limits: Sequence[Limit], across: Logarithmic, bottom: float) -> Iterator[Element]:
    row, taken = 0, -math.inf
    for limit in sorted(limits, key=lambda one: one.risk):
        x, half = across(limit.risk), text_width(limit.name) / 2
        row = (row + 1) % _ROWS if x - half < taken else 0
        taken = max(taken, x + half + 6)
        y = _TOP - 6 + _ROW * (_ROWS - 1 - row)
        yield e("line", x1=x, x2=x, y1=y + 4, y2=bottom, class_="limit")
        yield text(x, y, limit.name, class_="tick", anchor="middle")


def _frontier(points: Sequence[tuple[float, float]], across: Logarithmic, up: Scale) -> Element:
    """Steps: between two choices, more risk buys nothing."""
    path = f"M{across(points[0][0]):.1f} {up(points[0][1]):.1f}"
    for risk, gain in points[1:]:
        path += f"H{across(risk):.1f}V{up(gain):.1f}"
    path += f"H{across.end:.1f}"
    corners = [e("circle", cx=across(risk), cy=up(gain), r=2.6, class_="corner") for risk, gain in points]
    return e("g", e("path", d=path, class_="frontier"), corners)


def _steps(points: Sequence[tuple[float, float]], across: Logarithmic, up: Scale) -> Iterator[_Box]:
    """Where the line is: no place for a label."""
    for (risk, gain), (later, more) in pairwise([*points, (across.high, points[-1][1])] if points else []):
        yield _Box(across(risk), up(gain) - 2, across(later), up(gain) + 2)
        yield _Box(across(later) - 2, up(more), across(later) + 2, up(gain))


def _dots(dots: Sequence[Dot], across: Logarithmic, up: Scale, width: float, line: Sequence[_Box]) -> Iterator[Element]:
    places = [(across(dot.risk), up(dot.gain)) for dot in dots]
    taken = [*line, *(_Box(x - 6, y - 6, x + 6, y + 6) for x, y in places)]
    for dot, (x, y) in zip(dots, places, strict=True):
        words = dot.short if width <= NARROW else dot.name
        box = _free(x, y, text_width(words), width, up.start, taken)
        taken.append(box)
        class_, anchor = ("strong" if dot.chosen else ""), ("end" if box.right < x else "start")
        yield e(
            "g",
            e("circle", cx=x, cy=y, r=5.5, class_="dot chosen" if dot.chosen else "dot"),
            text(box.right if box.right < x else box.left, box.bottom - 4, words, class_=class_, anchor=anchor),
            e("title", dot.name),
        )


def _free(x: float, y: float, wide: float, width: float, bottom: float, taken: Sequence[_Box]) -> _Box:
    """A place for a label beside a dot where none is yet, if there is one."""
    candidates = [
        _Box(left, middle - FONT / 2 - 1, left + wide, middle + FONT / 2 + 3)
        for away in (0, 18, 36, 54)
        for middle in (y - away, y + away)
        for left in (x + 10, x - 10 - wide, x - wide / 2)
        if away or left != x - wide / 2
    ]
    inside = [box for box in candidates if box.left >= 0 and box.right <= width and _TOP + 14 <= box.top <= bottom - 4]
    return next((box for box in inside if not any(map(box.meets, taken))), (inside or candidates)[0])
