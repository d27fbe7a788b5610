"""Amounts are shown as they are written, to the cent, whatever their size."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.planning.money import exact, shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("11200", "CNY", "¥11,200"),
        ("-3", "CNY", "-¥3"),
        ("0.6", "USD", "$0.60"),
        ("99.995", "EUR", "€100"),
        ("-0.001", "CNY", "¥0"),
        ("1E+4", "CHF", "CHF 10,000"),
    ],
)
def test_as_people_read_them(amount: str, currency: str, text: str) -> None:
    assert shown(Decimal(amount), currency) == text


@given(st.decimals(min_value=-(10**30), max_value=10**30, places=6))
def test_to_the_cent(amount: Decimal) -> None:
    digits = shown(amount, "XXX").replace("XXX ", "").replace(",", "")

    assert abs(Fraction(digits) - Fraction(amount)) <= Fraction(5, 1000)
    assert Decimal(exact(amount)) == amount
    assert "E" not in exact(amount)
