"""How far a result moves when one assumption does: the widest bar on top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from undercurrent.report.page.charts.axes import NARROW, Scale, fitted, picture, round_ticks, text
from undercurrent.report.page.markup import Element, e

__all__ = ["Bar", "tornado"]


@dataclass(frozen=True, slots=True)
class Bar:
    """The result at the low and at the high end of one assumption.

    Attributes:
        name: the assumption.
        low: the result where the assumption is low.
        high: the result where it is high.
    """

    name: str
    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        """The smaller result, then the larger."""
        return min(self.low, self.high), max(self.low, self.high)


def tornado(
    name: str,
    title: str,
    description: str,
    bars: Sequence[Bar],
    base: float,
    shown: Callable[[float], str],
    width: float,
) -> Element:
    """The bars.

    Args:
        name: of the picture.
        title: of the picture.
        description: for those who cannot see it.
        bars: at least one, in the order in which they are shown.
        base: the result as it is assumed.
        shown: writes a result.
        width: of the picture, pixels.
    """
    narrow = width <= NARROW
    left, height = (8.0, 44.0) if narrow else (230.0, 32.0)
    lowest = min(base, *(bar.ends[0] for bar in bars))
    highest = max(base, *(bar.ends[1] for bar in bars))
    ticks = round_ticks(lowest, highest, 2 if narrow else 5)
    across = Scale(min(ticks[0], lowest), max(ticks[-1], highest), left + 8, width - 36)
    bottom = 22 + height * len(bars) + 2
    grid = [
        (
            e("line", x1=across(tick), x2=across(tick), y1=22, y2=bottom, class_="grid"),
            text(
                across(tick),
                bottom + 16,
                shown(tick),
                class_="tick",
                anchor="start" if narrow and tick == ticks[0] else "middle",
            ),
        )
        for tick in ticks
    ]
    x = across(base)
    middle = e("line", x1=x, x2=x, y1=18, y2=bottom, class_="today")
    anchor = "end" if x > width - 60 else "middle"
    rows = [_row(bar, 22 + height * number, across, x, narrow, shown) for number, bar in enumerate(bars)]
    label = text(x, 12, shown(base), class_="strong", anchor=anchor)
    return picture(name, title, description, width, bottom + 24, grid, rows, middle, label)


def _row(bar: Bar, top: float, across: Scale, base: float, narrow: bool, shown: Callable[[float], str]) -> Element:
    y = top + (24 if narrow else 8)
    low, high = across(bar.low), across(bar.high)
    room = across.end if narrow else across.start - 20
    return e(
        "g",
        text(0, top + 15 if narrow else y + 12, fitted(bar.name, room)),
        e("rect", x=min(low, base), y=y, width=max(abs(low - base), 1), height=16, class_="low"),
        e("rect", x=min(high, base), y=y, width=max(abs(high - base), 1), height=16, class_="high"),
        e("title", f"{bar.name}: {shown(bar.low)} … {shown(bar.high)}"),
    )
