"""Sizes, ages and digests as people read them."""

import re
from datetime import UTC, datetime
from typing import Final

from undercurrent.i18n import translate as _

__all__ = ["age", "short", "size"]

_STEP: Final = 1000
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_EPOCH_YEAR: Final = 1980
"""Earlier dates are what reproducible builds write; they say nothing about age."""


_HEX: Final = re.compile(r"(?<![0-9a-f])([0-9a-f]{12})[0-9a-f]{52,}")


def short(text: str) -> str:
    """``text`` with 12 digits of each digest in it: ``app@sha256:1f2e3d4c5b6a…``."""
    return _HEX.sub(r"\1…", text)


def size(count: int) -> str:
    """``12.3 MB``: decimal units, three digits."""
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= _STEP / 10 else f"{value:.1f} {_UNITS[unit]}"


def age(moment: datetime | None) -> str:
    """How long ago, in the largest unit that fits; ``-`` where that is not known."""
    if moment is None or moment.year < _EPOCH_YEAR:
        return "-"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for length, text in (
        (365 * 86400, _("{count} y")),
        (30 * 86400, _("{count} mo")),
        (86400, _("{count} d")),
        (3600, _("{count} h")),
        (60, _("{count} min")),
    ):
        if seconds >= length:
            return text.format(count=int(seconds // length))
    return _("now")
