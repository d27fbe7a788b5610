from datetime import UTC, datetime, timedelta

import pytest

from undercurrent.report.units import age, short, size

DIGITS = "1f2e3d4c5b6a7980" * 4


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (123_456, "123 kB"),
        (999_999, "1000 kB"),
        (2_000_000_000, "2.0 GB"),
        (7 * 10**15, "7000 TB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(seconds=-5), "now"),
        (timedelta(minutes=3), "3 min"),
        (timedelta(hours=26), "1 d"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=45), "1 mo"),
        (timedelta(days=800), "2 y"),
    ],
)
def test_ages(ago: timedelta, text: str) -> None:
    assert age(datetime.now(UTC) - ago) == text


def test_the_time_that_reproducible_builds_write_is_no_age() -> None:
    assert age(None) == "-"
    assert age(datetime(1970, 1, 1, tzinfo=UTC)) == "-"


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        (f"oci:images:app@sha256:{DIGITS}", "oci:images:app@sha256:1f2e3d4c5b6a…"),
        (f"sha256-{DIGITS}.sig#0", "sha256-1f2e3d4c5b6a….sig#0"),
        (f"sha512:{DIGITS}{DIGITS}", "sha512:1f2e3d4c5b6a…"),
        ("app:1f2e3d4c5b6a", "app:1f2e3d4c5b6a"),
        ("nothing", "nothing"),
    ],
)
def test_digests_are_shortened_wherever_they_stand(text: str, shortened: str) -> None:
    assert short(text) == shortened
