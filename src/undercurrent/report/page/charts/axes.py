"""What the pictures share: scales, ticks, the room that a text takes, and the frame that names a picture."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from undercurrent.report.page.markup import Child, Element, e

__all__ = [
    "FONT",
    "NARROW",
    "WIDE",
    "Logarithmic",
    "Scale",
    "Scaled",
    "date_ticks",
    "fitted",
    "picture",
    "round_ticks",
    "spread",
    "text",
    "text_width",
]

WIDE: Final = 760
"""Pixels of a picture on a desk."""
NARROW: Final = 340
"""Pixels of one on a telephone; each picture is drawn for both, because text that is scaled down cannot be read."""
FONT: Final = 12.5
"""Size of the text in pictures, pixels; the style sheet has it, too."""
_MONTHS: Final = 12
_STEPS: Final = (1, 2, 3, 6, *(12 * years for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)))
"""Months between two ticks; of the last one, the calendar has no two."""
_SEASON: Final = 75
"""Days of which beginnings of months alone would be too few ticks."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels.

    Attributes:
        low: the value at ``start``.
        high: the value at ``end``.
        start: pixels.
        end: pixels.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixels of ``value``."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """From values of 0 and more to pixels, ten times as much as the next step; 0 has a place, too."""

    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixels of ``value``."""
        share = math.log1p(max(value, 0)) / math.log1p(max(self.high, 1))
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> tuple[int, ...]:
        """0, 1, 10, 100 … as far as values go."""
        return (0, *(10**power for power in range(math.floor(math.log10(max(self.high, 1))) + 1)))


Scaled = Scale | Logarithmic


def round_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """At most about ``most`` round values that reach from ``low`` to ``high``, both included."""
    if high <= low:
        return (low,)
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(number * step for number in range(first, last + 1))


def date_ticks(first: date, last: date, most: int) -> tuple[tuple[date, str], ...]:
    """At most ``most`` (2 or more) dates with their names: beginnings of months, else single days."""
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, _MONTHS + 1)
        if first <= date(year, month, 1) <= last
    ]
    chosen = next(found for found in (_every(months, step) for step in _STEPS) if len(found) <= most)
    days = (last - first).days
    if days > _SEASON and len(chosen) > 1:
        return tuple((day, f"{day:%Y-%m}") for day in chosen)
    every = max(1, math.ceil(days / (most - 1)))
    form = "%m-%d" if days <= _SEASON else "%Y-%m-%d"
    return tuple((day, day.strftime(form)) for day in map(date.fromordinal, _ordinals(first, last, every)))


def _every(months: Sequence[date], step: int) -> list[date]:
    return [day for day in months if (day.year * _MONTHS + day.month - 1) % step == 0]


def _ordinals(first: date, last: date, every: int) -> range:
    return range(first.toordinal(), last.toordinal() + 1, every)


def text_width(words: str) -> float:
    """Pixels that a text takes, about: nobody knows the reader's font."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.6 for letter in words) * FONT


def fitted(words: str, width: float) -> str:
    """``words``, or as much of them as fits into so many pixels."""
    if text_width(words) <= width:
        return words
    while words and text_width(words + "…") > width:
        words = words[:-1]
    return words.rstrip() + "…"


def spread(places: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places for labels near ``places``, none closer to another than ``apart``, between ``low`` and ``high``."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = [places[index] for index in order]
    for _round in range(50):
        for position, (one, other) in enumerate(pairwise(moved)):
            if (lacking := apart - (other - one)) > 0:
                moved[position] -= lacking / 2
                moved[position + 1] += lacking / 2
        if moved:
            moved[0] = max(moved[0], low)
            moved[-1] = min(moved[-1], high)
    result = [0.0] * len(places)
    for index, place in zip(order, moved, strict=True):
        result[index] = place
    return result


def text(x: float, y: float, words: str, *, class_: str = "", anchor: str = "start") -> Element:
    """A text; ``anchor`` says which of its ends is at ``x``."""
    return e("text", words, x=x, y=y, class_=class_ or None, text_anchor=None if anchor == "start" else anchor)


def picture(name: str, title: str, description: str, width: float, height: float, *children: Child) -> Element:
    """A picture that says what it shows to those who cannot see it.

    Args:
        name: tells it from the other pictures of the page.
        title: what it is.
        description: what can be seen in it.
        width: pixels.
        height: pixels.
        children: what is drawn.
    """
    return e(
        "svg",
        e("title", title, id=f"{name}-title"),
        e("desc", description, id=f"{name}-desc"),
        children,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="narrow" if width <= NARROW else "wide",
    )
