"""Amounts are rounded half away from zero."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.planning.rounding import rounded


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [("1/2", 0, "1"), ("-1/2", 0, "-1"), ("-1/3", 0, "0"), ("1/200", 2, "0.01"), ("-1/201", 2, "0.00")],
)
def test_rounding_is_half_away_from_zero(value: str, places: int, shown: str) -> None:
    assert str(rounded(Fraction(value), places)) == shown


@given(st.fractions(), st.integers(0, 6))
def test_rounding_is_that_of_the_decimals(value: Fraction, places: int) -> None:
    with localcontext(prec=200):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        assert rounded(value, places) == exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
