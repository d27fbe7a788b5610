"""What a record is, and how it is called."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.evidence import NOON, make_record

from undercurrent.errors import UsageError
from undercurrent.evidence.record import LIMITS, encode_json, first_id, new_id, new_run_id

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, INSTANTS)
def test_identifiers_sort_as_time_does(one: datetime, other: datetime) -> None:
    if one != other:
        assert (new_id(one) < new_id(other)) == (one < other)


@given(INSTANTS)
def test_an_identifier_is_a_uuid_of_version_7_that_carries_the_time(at: datetime) -> None:
    made = uuid.UUID(new_id(at))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(INSTANTS)
def test_the_first_identifier_of_an_instant_separates_it_from_the_one_before(at: datetime) -> None:
    assert first_id(at) <= new_id(at)
    if at.microsecond:
        assert new_id(at - timedelta(microseconds=1)) < first_id(at)


def test_everything_is_newer_than_what_was_before_1970() -> None:
    assert first_id(datetime(1815, 12, 10, tzinfo=UTC)) < new_id(datetime(1970, 1, 1, tzinfo=UTC))


def test_identifiers_of_one_instant_differ_and_keep_their_order() -> None:
    made = [new_id(NOON) for _ in range(1000)]
    assert made == sorted(set(made))


def test_runs_sort_by_when_they_began() -> None:
    first = new_run_id()
    assert first < new_run_id()


def test_the_time_of_a_record_is_utc_whatever_zone_it_was_given_in() -> None:
    in_china = NOON.astimezone(timezone(timedelta(hours=8)))
    record = make_record(at=in_china)
    assert record.at == NOON
    assert record.at.tzinfo is UTC
    assert record.as_json()["at"] == "2026-03-04T12:00:00.123456Z"


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_record(at=datetime(2026, 3, 4))  # noqa: DTZ001


@pytest.mark.parametrize("field", sorted(LIMITS))
def test_a_text_that_is_too_long_for_every_database_is_refused_by_name(field: str) -> None:
    longest: dict[str, Any] = {field: "界" * LIMITS[field]}
    too_long: dict[str, Any] = {field: "界" * (LIMITS[field] + 1)}
    make_record(**longest)
    with pytest.raises(UsageError, match=f"the {field} of a record has {LIMITS[field] + 1} characters") as caught:
        make_record(**too_long)
    assert str(LIMITS[field]) in caught.value.hint


@pytest.mark.parametrize("changes", [{"subject": "a\0b"}, {"name": "\udcff.txt"}, {"proof": {"file": "\udcff.txt"}}])
def test_text_that_a_database_cannot_hold_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="not text that a database can hold"):
        make_record(**changes)


def test_a_proof_is_json() -> None:
    nested = MappingProxyType({"inner": MappingProxyType({"list": (1, 2)})})
    assert encode_json(make_record(proof=nested).proof) == '{"inner":{"list":[1,2]}}'
    with pytest.raises(TypeError, match="set is not JSON"):
        make_record(proof={"set": {1}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        make_record(proof={"nan": float("nan")})
