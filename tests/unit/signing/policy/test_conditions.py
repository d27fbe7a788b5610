"""Each comparison both ways, and every way in which a condition could be taken to hold by mistake."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import UsageError
from undercurrent.regex import Regex
from undercurrent.signing.policy.conditions import Condition, ConditionResult, Operator, Which, moment
from undercurrent.signing.policy.fields import FieldPath, Values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def holds(path: str, operator: str, operand: Any, document: Any, which: str = "every") -> bool:
    return told(path, operator, operand, document, which).holds


def told(path: str, operator: str, operand: Any, document: Any, which: str = "every") -> ConditionResult:
    return Condition(FieldPath(path), Operator(operator), operand, Which(which)).test(document, NOW)


@pytest.mark.parametrize(
    ("operator", "operand", "good", "bad"),
    [
        ("equals", "x", ["x"], ["y", "X", "", 1, True, None, [], {}, ["x"]]),
        ("equals", 1, [1, 1.0], [2, "1", True, None]),
        ("equals", 0.5, [0.5], [0, "0.5"]),
        ("equals", True, [True], [False, 1, "true"]),
        ("equals", False, [False], [True, 0, None, ""]),
        ("not_equals", "x", ["y", ""], ["x", 1, None, [], True]),
        ("not_equals", 1, [0, 2.5], [1, 1.0, "2", False]),
        ("in", ("a", 1), ["a", 1], ["b", 2, "1", True, None, ["a"]]),
        ("not_in", ("a", "b"), ["c"], ["a", "b", 1, None, []]),
        ("matches", Regex("https://.*"), ["https://a"], ["xhttps://a", "http://a", 1, None, ["https://a"]]),
        ("not_matches", Regex(".*root.*"), ["user"], ["a root b", 1, None]),
        ("at_most", 0, [0, -1, 0.0], [1, 0.1, "0", False, None, []]),
        ("at_least", 7.5, [7.5, 8], [7, "8", True, None]),
        ("exists", True, ["", 0, None, False, [], {}], []),
        ("exists", False, [], ["", 0, None]),
    ],
)
def test_each_comparison(operator: str, operand: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert holds("a.b", operator, operand, {"a": {"b": value}}), value
    for value in bad:
        assert not holds("a.b", operator, operand, {"a": {"b": value}}), value


@pytest.mark.parametrize("operator", [operator for operator in Operator if operator is not Operator.EXISTS])
@pytest.mark.parametrize(
    "document", [{}, {"a": None}, {"a": []}, {"a": "b"}, "SPDXVersion: SPDX-2.3", None, [], {"A": {"b": 1}}]
)
def test_what_is_missing_holds_for_nothing(operator: Operator, document: Any) -> None:
    operand = {"in": (1,), "not_in": (1,), "matches": Regex("x"), "not_matches": Regex("x")}.get(operator, 1)

    result = told("a.b", operator, operand, document)

    assert not result.holds
    assert "there is nothing at a" in result.message


def test_existence_may_be_denied() -> None:
    assert holds("a.b", "exists", False, {"a": {}})
    assert not holds("a.b", "exists", True, {"a": {}})


@pytest.mark.parametrize(
    ("when", "young"),
    [
        ("2026-03-01T12:00:00Z", True),
        ("2026-02-22T12:00:00Z", True),
        ("2026-02-22T11:59:59Z", False),
        ("2026-02-22T13:00:00.123456789+01:00", True),
        ("2026-03-01t12:04:00z", True),
        ("2026-03-01T12:06:00Z", False),
        ("2026-03-01T12:00:00", False),
        ("2026-03-01", False),
        ("20260301T120000Z", False),
        ("2026-13-01T12:00:00Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("9999-12-31T23:59:59-23:59", False),
        (1772366400, False),
        ("yesterday", False),
    ],
)
def test_ages_are_counted_from_now(when: Any, young: bool) -> None:
    assert holds("at", "max_age_days", 7.0, {"at": when}) is young


RESULTS = {"results": [{"level": "LOW"}, {"level": "HIGH"}, {"level": "LOW"}]}


@pytest.mark.parametrize(
    ("path", "operator", "operand", "document", "every", "some", "none"),
    [
        ("results[*].level", "equals", "LOW", RESULTS, False, True, False),
        ("results[*].level", "equals", "CRITICAL", RESULTS, False, False, True),
        ("results[*].level", "in", ("LOW", "HIGH"), RESULTS, True, True, False),
        # No results at all: nothing can be said of every one, and none is bad.
        ("results[*].level", "equals", "LOW", {"results": []}, False, False, True),
        # The list itself has to be there: a name that is misspelt makes nothing hold.
        ("result[*].level", "equals", "LOW", RESULTS, False, False, False),
        ("results[*].level", "equals", "LOW", {"results": {"level": "LOW"}}, False, False, False),
        # One item without the field: not every one has it.
        ("results[*].level", "equals", "LOW", {"results": [{"level": "LOW"}, {}]}, False, True, False),
        ("results[*].level", "equals", "BAD", {"results": [{"level": "LOW"}, {}]}, False, False, True),
        # What cannot be compared is neither.
        ("results[*].score", "at_least", 7, {"results": [{"score": "9.8"}]}, False, False, False),
        ("runs[*].results[*].ok", "equals", True, {"runs": [{}, {"results": [{"ok": True}]}]}, False, True, False),
        ("runs[*].results[*].ok", "equals", False, {"runs": [{}, {"results": [{"ok": True}]}]}, False, False, True),
        ("runs[0].results[*].ok", "equals", True, {"runs": [{"results": [{"ok": True}]}]}, True, True, False),
    ],
)
def test_of_several_values_every_one_some_or_none(
    path: str, operator: str, operand: Any, document: Any, every: bool, some: bool, none: bool
) -> None:
    answers = [holds(path, operator, operand, document, which) for which in ("every", "some", "none")]

    assert answers == [every, some, none]


def test_what_was_found_is_told_and_long_values_are_cut() -> None:
    result = told("results[*].level", "not_in", ("HIGH", "LOW"), RESULTS)
    long = told("a", "equals", "x", {"a": "y" * 1000 + "\x1b[31m"})
    large = told("a", "equals", "x", {"a": {"b": 1}})

    assert result.message == (
        'results[0].level is "LOW", results[1].level is "HIGH", results[2].level is "LOW" '
        '(asked for: results[*].level is none of "HIGH", "LOW")'
    )
    assert result.found[1] == ("results[1].level", '"HIGH"')
    assert len(long.message) < 200
    assert large.message == 'a is a table of 1 (asked for: a is "x")'


@pytest.mark.parametrize(
    ("path", "document", "found"),
    [
        ("a", {"a": 1}, (("a", 1),)),
        ('a."b.c".d', {"a": {"b.c": {"d": 1}}}, (('a."b.c".d', 1),)),
        ("a.'b c'", {"a": {"b c": 1}}, (('a."b c"', 1),)),
        ("a[1].b", {"a": [{}, {"b": 2}]}, (("a[1].b", 2),)),
        ("[*].b", [{"b": 1}, {"b": 2}], (("[0].b", 1), ("[1].b", 2))),
        ("a.b-c_d/e:f@g", {"a": {"b-c_d/e:f@g": 1}}, (("a.b-c_d/e:f@g", 1),)),
        ("a.1", {"a": {"1": 2}}, (("a.1", 2),)),
        ("a.1", {"a": [1, 2]}, ()),
    ],
)
def test_paths(path: str, document: Any, found: tuple[tuple[str, Any], ...]) -> None:
    assert FieldPath(path).find(document).found == found


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", "a b", "a[", "a[]", "a[-1]", "a[x]", 'a."b', "a*", "a[*]b", "a" * 600]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        FieldPath(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c.d"]), inner, max_size=3),
    max_leaves=12,
)
paths = st.lists(st.sampled_from(["a", "b", '"c.d"', "[*]", "[0]"]), min_size=1, max_size=4).map(
    lambda parts: "".join(part if part.startswith("[") else "." + part for part in parts).lstrip(".")
)


@given(paths, json_values)
def test_a_place_that_was_found_leads_to_its_value(path: str, document: Any) -> None:
    values: Values = FieldPath(path).find(document)

    for place, value in values.found:
        assert FieldPath(place).find(document).found == ((place, value),)


@given(paths, json_values, st.sampled_from(Operator), st.sampled_from(Which))
def test_no_predicate_breaks_a_condition(path: str, document: Any, operator: Operator, which: Which) -> None:
    operand = {"in": (1,), "not_in": ("a",), "matches": Regex("a*"), "not_matches": Regex("a*")}.get(operator, 1)

    result = Condition(FieldPath(path), operator, operand, which).test(document, NOW)

    assert result.message
    json.dumps(result.found)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-23 * 60, 23 * 60))
def test_any_zone_says_the_same_time(when: datetime, minutes: int) -> None:
    try:
        local = when + timedelta(minutes=minutes)
    except OverflowError:
        return
    sign, (hours, rest) = "+" if minutes >= 0 else "-", divmod(abs(minutes), 60)

    assert moment(f"{local:%Y-%m-%dT%H:%M:%S.%f}{sign}{hours:02}:{rest:02}".rjust(32, "0")) == when
