"""Values that somebody set: what they become, and what is said of those that cannot be used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from undercurrent.values import NAMES_FILES, Between, MoreThan, NotEmpty, converted, is_list, is_table, marks_of

COLOURS = Literal["red", "blue"]
SHARE = Annotated[float, MoreThan(0)]
COUNT = Annotated[int, Between(1, 20)]
PRICE = Annotated[Decimal, Between(0, 1000)]
FILE = Annotated[Path | None, NAMES_FILES]
SEVERAL = Annotated[tuple[COLOURS, ...], NotEmpty()]


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("text", str, "text"),
        ("", str, ""),
        ("20", COUNT, 20),
        (20.0, COUNT, 20),
        (7, SHARE, 7.0),
        ("0.5", SHARE, 0.5),
        (Decimal("0.5"), SHARE, 0.5),
        (Decimal("20.0"), COUNT, 20),
        (Decimal("0.08"), PRICE, Decimal("0.08")),
        ("0.08", PRICE, Decimal("0.08")),
        (0.1, PRICE, Decimal("0.1")),
        (7, PRICE, Decimal(7)),
        (float("inf"), SHARE, float("inf")),
        (True, bool, True),
        ("Yes", bool, True),
        ("0", bool, False),
        ("a/b", FILE, Path("a/b")),
        (Path("a/b"), Path | None, Path("a/b")),
        ("blue", COLOURS, "blue"),
        (["red", "blue"], SEVERAL, ("red", "blue")),
        (("a",), Annotated[tuple[Path, ...], NAMES_FILES], (Path("a"),)),
        ([], tuple[str, ...], ()),
    ],
)
def test_what_a_value_becomes(value: Any, annotation: Any, expected: Any) -> None:
    made = converted(value, annotation)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("value", "annotation", "reason"),
    [
        (5, str, "it must be text"),
        (None, str, "it must be text"),
        ("many", COUNT, "it must be a whole number"),
        ("1.5", COUNT, "it must be a whole number"),
        (1.5, COUNT, "it must be a whole number"),
        (float("nan"), COUNT, "it must be a whole number"),
        (float("inf"), COUNT, "it must be a whole number"),
        (True, COUNT, "it must be a whole number"),
        ("9" * 5000, COUNT, "it must be a whole number"),
        (Decimal("1.5"), COUNT, "it must be a whole number"),
        (Decimal("1e999999"), COUNT, "it must be a whole number"),
        (0, COUNT, "it must be at least 1"),
        ("-0.01", PRICE, "it must be at least 0"),
        (Decimal("1e999999"), PRICE, "it must be at most 1000"),
        ("much", PRICE, "it must be a number"),
        (Decimal("NaN"), PRICE, "it must be a number"),
        (float("inf"), PRICE, "it must be a number"),
        (True, PRICE, "it must be a number"),
        ("21", COUNT, "it must be at most 20"),
        (0, SHARE, "it must be more than 0"),
        (float("nan"), SHARE, "it must be more than 0"),
        (10**400, SHARE, "it must be a number"),
        (True, SHARE, "it must be a number"),
        ({}, SHARE, "it must be a number"),
        (1, bool, "it must be true or false"),
        ("perhaps", bool, "it must be true or false"),
        (1, FILE, "it must be a path"),
        ("green", COLOURS, "it must be one of 'red', 'blue'"),
        ([], COLOURS, "it must be one of 'red', 'blue'"),
        ("red", SEVERAL, "it must be a list"),
        ([], SEVERAL, "it must not be empty"),
        (["red", 1], SEVERAL, "it must be one of 'red', 'blue'"),
    ],
)
def test_what_is_said_of_a_value_that_cannot_be_used(value: Any, annotation: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^it must") as caught:
        converted(value, annotation)
    assert str(caught.value) == reason


def test_what_an_annotation_says() -> None:
    assert is_list(SEVERAL)
    assert not is_list(FILE)
    assert marks_of(COUNT) == (Between(1, 20),)
    assert marks_of(None) == ()


@dataclass(frozen=True, slots=True)
class Facts:
    user: str = ""
    ports: tuple[str, ...] = ()


TABLE = Mapping[str, Facts]


def test_a_table_of_records_in_which_text_stands_for_the_first_field() -> None:
    made = converted({"a:*": "10001", "b": {"user": "app", "ports": ["80"]}}, TABLE)

    assert made == {"a:*": Facts("10001"), "b": Facts("app", ("80",))}
    assert is_table(TABLE)
    assert not is_table(SEVERAL)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("10001", "it must be a table"),
        ({"a": 5}, "a: it must be a table"),
        ({"a": {"user": 5}}, "a: it must be text"),
        ({"a": {"usr": "x"}}, "a: 'usr' cannot be set; known are: user, ports"),
    ],
)
def test_what_is_said_of_a_table_that_cannot_be_used(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        converted(value, TABLE)
