from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import NotFound, RateLimited, RemoteFault, TimedOut, Unreachable
from undercurrent.net.retry import LONGEST_WAIT_S, pause_before, retry_after

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Wed, 01 Jul 2026 12:00:30 GMT", 30),
        ("Wed, 01 Jul 2026 11:00:00 GMT", 0),
        ("Wednesday, 01-Jul-26 12:00:10 GMT", 10),
        ("Wed Jul  1 12:00:05 2026", 5),
        ("Wed, 01 Jul 2026 14:00:30 +0200", 30),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, 365 * 86_400),
        ("Wed, 01 Jul 2026 14:00:30 +99999999999999999999", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, now=NOW) == seconds


def test_a_date_is_one_by_the_clock_of_the_other_side() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert retry_after(headers, now=NOW) == 30
    assert retry_after(headers | {"Date": "soon"}, now=NOW) == 0


def test_retry_after_is_not_there() -> None:
    assert retry_after({}) is None


@given(st.text())
def test_nothing_breaks_retry_after(value: str) -> None:
    seconds = retry_after({"Retry-After": value})
    assert seconds is None or seconds >= 0


@given(st.integers(0, 100))
def test_pauses_grow_and_are_bounded(retry: int) -> None:
    pause = pause_before(retry, Unreachable("x"))
    assert pause is not None
    assert 0.125 <= pause <= 20


@given(st.floats(0, LONGEST_WAIT_S), st.integers(0, 20))
def test_never_shorter_than_asked_for(asked: float, retry: int) -> None:
    for kind in (RateLimited, RemoteFault):
        pause = pause_before(retry, kind("x", retry_after=asked))
        assert pause is not None
        assert asked <= pause <= asked + 5


def test_what_is_not_worth_it() -> None:
    assert pause_before(0, NotFound("x")) is None
    assert pause_before(0, RateLimited("x", retry_after=LONGEST_WAIT_S + 1)) is None
    assert pause_before(0, TimedOut("x")) is not None
