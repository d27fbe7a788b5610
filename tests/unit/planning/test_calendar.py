"""Calendars of windows, as RFC 5545 has them: read back by another library, whatever is written into a catalogue."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.actions import action

from undercurrent import i18n
from undercurrent.planning.calendar import calendar
from undercurrent.planning.catalogue import Catalogue, Label, Source, Window

MADE = datetime(2026, 11, 30, 8, 30, tzinfo=timezone(timedelta(hours=8)))
SOURCE = Source("somebody, somewhere", date(2026, 1, 1))
TEXTS = st.text(
    st.one_of(
        st.sampled_from('\\;,:"\n⑦名é𝄞 '),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"),
    ),
    min_size=1,
    max_size=200,
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.activate("en")


def plan(*windows: Window, title: str = "Plan") -> Catalogue:
    actions = (replace(action("sign"), number="⑦", name=Label("签名", "Signing"), first=Label("开始", "Begin")),)
    return Catalogue("plan", Label(title, title), "CNY", SOURCE, actions=actions, windows=windows)


def window(name: str = "one", day: date = date(2025, 12, 31), text: str = "closes") -> Window:
    return Window(name, day, "last-day", Label(text, text), ("sign",))


def events(raw: bytes) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(raw).events


def test_an_event_says_what_when_and_for_whom() -> None:
    whole = replace(window(), binds=Label("谁", "whoever signs"), source=Source("a law", date(2025, 5, 6)))

    (event,) = events(calendar([plan(whole)], MADE))

    assert event["UID"] == "one.plan@undercurrent"
    assert event.decoded("DTSTAMP") == datetime(2026, 11, 30, 0, 30, tzinfo=UTC)
    assert event.decoded("DTSTART") == date(2025, 12, 31)
    assert str(event["SUMMARY"]) == "⑦ Signing: closes"
    assert str(event["DESCRIPTION"]).split("\n") == [
        "last day to act: 2025-12-31",
        "⑦ Signing: Begin",
        "binds: whoever signs",
        "read 2025-05-06: a law",
    ]
    assert event.categories == ["Plan"]
    assert event["SUMMARY"].params["LANGUAGE"] == "en"


def test_it_reminds_two_weeks_and_a_day_before() -> None:
    (event,) = events(calendar([plan(window())], MADE))

    alarms = event.walk("VALARM")
    assert [alarm.decoded("TRIGGER") for alarm in alarms] == [timedelta(days=-14), timedelta(hours=-15)]
    assert {str(alarm["ACTION"]) for alarm in alarms} == {"DISPLAY"}
    assert {str(alarm["DESCRIPTION"]) for alarm in alarms} == {"⑦ Signing: closes"}


def test_it_is_in_the_language_that_is_spoken() -> None:
    i18n.activate("zh")

    (event,) = events(calendar([plan(window())], MADE))

    assert str(event["SUMMARY"]) == "⑦ 签名: closes"
    assert event["SUMMARY"].params["LANGUAGE"] == "zh-CN"


def test_identifiers_stay_when_dates_move_and_differ_between_catalogues() -> None:
    def identifiers(*catalogues: Catalogue, made: datetime = MADE) -> list[str]:
        return [str(event["UID"]) for event in events(calendar(catalogues, made))]

    first = identifiers(plan(window(), window("two")))
    moved = identifiers(plan(window(day=date(2026, 2, 1)), window("two")), made=MADE + timedelta(days=9))
    both = identifiers(plan(window()), replace(plan(window()), id="other"))

    assert first == moved
    assert len({*both}) == 2


@pytest.mark.parametrize("day", [date(1, 1, 1), date(999, 12, 31), date(2024, 2, 29), date(9999, 12, 31)])
def test_any_day_that_there_is(day: date) -> None:
    (event,) = events(calendar([plan(window(day=day))], MADE))

    assert event.decoded("DTSTART") == day


@given(TEXTS.filter(lambda text: "\n" not in text), TEXTS)
def test_any_text_comes_back_and_lines_are_folded_as_they_should(title: str, text: str) -> None:
    raw = calendar([plan(window(text=text), title=title)], MADE)

    (event,) = events(raw)
    assert str(event["SUMMARY"]) == f"⑦ Signing: {text}"
    assert [str(one) for one in event.categories] == [title]
    lines = raw.split(b"\r\n")
    assert lines[-1] == b""
    for line in lines:
        line.decode()  # none ends inside a character
        assert len(line) <= 75
        assert not re.search(rb"[\r\n]", line)


def test_what_no_value_may_hold_is_left_out() -> None:
    (event,) = events(calendar([plan(window(text="a\x00b\x07c\rd\x7f"))], MADE))

    assert str(event["SUMMARY"]) == "⑦ Signing: abcd"


def test_without_windows_it_is_a_calendar_all_the_same() -> None:
    assert events(calendar([plan()], MADE)) == []
