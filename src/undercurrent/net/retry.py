"""When to try again, and after how long."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from undercurrent.errors import RateLimited, RemoteFault, UndercurrentError

__all__ = ["LONGEST_WAIT_S", "asked_wait", "pause_before", "retry_after"]

LONGEST_WAIT_S: Final = 120.0
"""A host that asks for more patience than this (Docker Hub: hours) gets none: the error says so instead."""

_EVER_S: Final = 365 * 86_400.0
_FIRST_S: Final = 0.25
_LONGEST_BACK_OFF_S: Final = 20.0


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or as a date (RFC 9110, section 10.2.3); None without one.

    A date is one by the clock of whoever wrote it, which the answer's ``Date`` tells: ours may be wrong.

    Args:
        headers: of the answer.
        now: the time, where the answer does not tell; that of this machine when None.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _EVER_S)
    when = _date(value)
    if when is None:
        return None
    now = _date(headers.get("Date", "")) or now or datetime.now(UTC)
    return min(max(0.0, (when - now).total_seconds()), _EVER_S)


def _date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # "-0000", or the obsolete asctime form: both are UTC in HTTP
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


def asked_wait(error: UndercurrentError) -> float | None:
    """Seconds that the host which caused ``error`` asked to be left alone, None if it did not."""
    return error.retry_after if isinstance(error, RateLimited | RemoteFault) else None


def pause_before(retry: int, error: UndercurrentError) -> float | None:
    """Seconds to wait before retry number ``retry`` (from 0), or None if trying again is no use.

    Exponential with jitter, so that many clients that failed together do not come back together; never shorter
    than what the host asked for.
    """
    if not error.retryable:
        return None
    asked = asked_wait(error)
    if asked is not None and asked > LONGEST_WAIT_S:
        return None
    longest = min(_LONGEST_BACK_OFF_S, _FIRST_S * 2.0**retry)
    jittered = random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing
    return jittered if asked is None else asked + jittered / 4
