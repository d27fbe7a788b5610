"""What was counted, times what each of it returns."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.plans import MONEY, action

from undercurrent.planning.catalogue import Measure, Valued
from undercurrent.planning.coverage import Share
from undercurrent.planning.valuing import Worth, worth_of, worths

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SIGNED = Share(Measure.IMAGES_SIGNED, 3, 5, NOON, ("a", "b"))
COPIED = Share(Measure.BYTES_COPIED, 2_500_000_000, 2_500_000_000, NOON.replace(hour=13))
SIGN = replace(
    action("sign"),
    valued=(
        Valued(Measure.IMAGES_SIGNED, Decimal(12)),
        Valued(Measure.BYTES_COPIED, Decimal("0.6"), Decimal(1_000_000_000)),
    ),
)


def worth(*shares: Share, price: str | None = None) -> Worth:
    found = worth_of(SIGN, {share.measure: share for share in shares}, None if price is None else Decimal(price))
    assert found
    return found


def test_each_of_what_was_counted_returns_the_same() -> None:
    found = worth(SIGNED, COPIED)
    assert [part.yearly for part in found.parts] == [36, Decimal("1.50")]
    assert (found.yearly, found.as_of) == (Decimal("37.50"), COPIED.as_of)


@pytest.mark.parametrize(("price", "yearly"), [("0.09", "0.23"), ("0", "0"), ("10", "25")])
def test_a_price_of_ones_own_goes_before_the_catalogues(price: str, yearly: str) -> None:
    assert worth(COPIED, price=price).yearly == Decimal(yearly)


def test_of_what_nothing_is_known_nothing_is_measured() -> None:
    assert [part.share.measure for part in worth(SIGNED, Share(Measure.BYTES_COPIED, 0, 0)).parts] == [SIGNED.measure]
    assert worth_of(SIGN, {Measure.IMAGES_SIGNED: Share(Measure.IMAGES_SIGNED, 0, 0)}) is None
    assert worth_of(SIGN, {}) is None


def test_that_nothing_was_done_is_measured() -> None:
    assert worth(replace(SIGNED, done=0)).yearly == 0


def test_those_of_which_evidence_says_nothing_are_left_out() -> None:
    assert set(worths([SIGN, action("other")], {SIGNED.measure: SIGNED})) == {"sign"}


@given(st.integers(0, 10**6), MONEY, st.integers(1, 10**6))
def test_amounts_are_exact_to_the_cent(done: int, each: Decimal, unit: int) -> None:
    one = replace(SIGN, valued=(Valued(Measure.IMAGES_SIGNED, each, Decimal(unit)),))
    found = worth_of(one, {Measure.IMAGES_SIGNED: Share(Measure.IMAGES_SIGNED, done, 10**6)})
    assert found
    assert abs(found.yearly * unit - each * done) * 200 <= unit
