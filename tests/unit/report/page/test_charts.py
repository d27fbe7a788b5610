"""Pictures are well-formed, stay inside their frame, and say in words what they show."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.report.page.charts.axes import (
    NARROW,
    WIDE,
    Logarithmic,
    Scale,
    date_ticks,
    fitted,
    round_ticks,
    spread,
    text_width,
)
from undercurrent.report.page.charts.burndown import burn_down
from undercurrent.report.page.charts.overtime import Line, over_time
from undercurrent.report.page.charts.riskreturn import Dot, Limit, risk_and_return
from undercurrent.report.page.charts.timeline import Mark, timeline
from undercurrent.report.page.charts.tornado import Bar, tornado
from undercurrent.report.page.markup import Element

EVIL = '<script>alert(1)</script>"onload="x" ]]>'
TODAY = date(2026, 11, 30)
WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW])
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def drawn(picture: Element) -> ET.Element:
    """The picture, as an XML parser reads it; every coordinate is in the frame or near its edge."""
    root = ET.fromstring(str(picture))  # noqa: S314 - our own
    _left, _top, width, height = map(float, root.attrib["viewBox"].split())
    for shape in root.iter():
        for name, limit in {"x": width, "x1": width, "x2": width, "cx": width, "y1": height, "cy": height}.items():
            if name in shape.attrib:
                assert -12 <= float(shape.attrib[name]) <= limit + 12, (shape.tag, shape.attrib)
    labelled = {shape.attrib.get("id") for shape in root}
    assert root.attrib["role"] == "img"
    assert set(root.attrib["aria-labelledby"].split()) <= labelled
    return root


def words(root: ET.Element) -> list[str]:
    return [shape.text or "" for shape in root.iter("text")]


@WIDTHS
def test_shares_over_time(width: float) -> None:
    days = [TODAY - timedelta(days=days) for days in range(40, -1, -1)]
    lines = [Line("signed", [float(day) for day in range(41)]), Line("unknown", [None] * 41)]
    lines.append(Line(EVIL, [None] * 20 + [50.9] * 21))
    root = drawn(over_time("x", "Shares", "what it shows", days, lines, width))

    assert "signed 40%" in words(root)
    assert f"{EVIL} 50%" in words(root), "never rounded up"
    assert not any("unknown" in text for text in words(root))
    first, second = root.iter("polyline")
    assert len(first.attrib["points"].split()) == 41
    assert len(second.attrib["points"].split()) == 21
    assert root.find("desc").text == "what it shows"  # type: ignore[union-attr]


@WIDTHS
def test_one_day_is_enough(width: float) -> None:
    drawn(over_time("x", "t", "d", [TODAY], [Line("a", [100.0]), Line("b", [0.0])], width))
    drawn(timeline("x", "t", "d", [Mark(TODAY, "now", "today", "near")], TODAY, "today", width))
    drawn(tornado("x", "t", "d", [Bar("a", 0, 0)], 0, str, width))
    drawn(risk_and_return("x", "t", "d", [Dot("a", "a", 0, 0)], [], [], ("", ""), str, width))


@WIDTHS
def test_windows_lie_before_and_after_today(width: float) -> None:
    marks = [
        Mark(TODAY - timedelta(days=334), EVIL, "over", "over"),
        Mark(TODAY + timedelta(days=30), "soon", "30 days", "near"),
        Mark(TODAY + timedelta(days=400), "later", "400 days", "open"),
    ]
    root = drawn(timeline("x", "Windows", "d", marks, TODAY, "today", width))

    (line,) = [shape for shape in root.iter("line") if shape.attrib.get("class") == "today"]
    now = float(line.attrib["x1"])
    over, soon, later = [shape for shape in root.iter("g") if "window" in shape.attrib.get("class", "")]
    ends = [float(re.match(r"M([\d.]+)", row.find("path").attrib["d"])[1]) for row in (over, soon, later)]  # type: ignore[index,union-attr]
    assert ends[0] < now < ends[1] < ends[2]
    assert [row.attrib["class"] for row in (over, soon, later)] == ["window over", "window near", "window open"]


@WIDTHS
def test_bars_reach_from_the_result_to_both_ends(width: float) -> None:
    bars = [Bar("benefit", -2000, 9000), Bar(EVIL, 5000, 1000)]
    root = drawn(tornado("x", "t", "d", bars, 4000, lambda value: f"¥{value:,.0f}", width))

    (line,) = [shape for shape in root.iter("line") if shape.attrib.get("class") == "today"]
    base = float(line.attrib["x1"])
    low, high, other_low, other_high = (
        (float(bar.attrib["x"]), float(bar.attrib["x"]) + float(bar.attrib["width"])) for bar in root.iter("rect")
    )
    assert low[0] < base
    assert low[1] == pytest.approx(base, abs=0.2)
    assert high[0] == pytest.approx(base, abs=0.2)
    assert other_low[1] > base > other_high[0]


@WIDTHS
def test_every_action_has_a_dot_and_a_name(width: float) -> None:
    dots = [Dot(f"{number} action", str(number), 10.0**number, 1000.0 * number, number == 1) for number in range(4)]
    frontier = [(0.0, 0.0), (2.0, 3000.0), (100.0, 6000.0)]
    root = drawn(risk_and_return("x", "t", "d", dots, frontier, [Limit("careful", 10)], ("risk", "return"), str, width))

    circles = [shape for shape in root.iter("circle") if shape.attrib["class"].startswith("dot")]
    assert [float(shape.attrib["cx"]) for shape in circles] == sorted(float(shape.attrib["cx"]) for shape in circles)
    assert [shape.attrib["class"] for shape in circles] == ["dot", "dot chosen", "dot", "dot"]
    named = ("0", "1", "2", "3") if width == NARROW else ("0 action", "1 action", "2 action", "3 action")
    assert set(named) <= set(words(root))


def test_steps_go_down_to_what_is_open() -> None:
    points = [(TODAY - timedelta(days=9), 7), (TODAY - timedelta(days=4), 3), (TODAY, 2)]
    root = drawn(burn_down("x", EVIL, "d", points, 8, TODAY + timedelta(days=20)))

    (path,) = root.iter("path")
    assert path.attrib["d"].count("V") == 2
    assert [shape.attrib["class"] for shape in root.iter("line")][-1] == "ideal"


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9), st.integers(2, 8))
def test_ticks_are_round_and_cover_everything(low: int, wide: int, most: int) -> None:
    ticks = round_ticks(low, low + wide, most)

    step = ticks[1] - ticks[0] if len(ticks) > 1 else wide
    assert ticks[0] <= low + step * 1e-6
    assert ticks[-1] >= low + wide - step * 1e-6
    assert len(ticks) <= most + 3


@given(DAYS, st.integers(0, 9000), st.integers(2, 8))
def test_ticks_of_dates_are_few_and_inside(first: date, days: int, most: int) -> None:
    last = first + timedelta(days=days)
    ticks = date_ticks(first, last, most)

    assert 1 <= len(ticks) <= most
    assert all(first <= day <= last for day, _name in ticks)
    assert len({name for _day, name in ticks}) == len(ticks)


@pytest.mark.parametrize("most", [2, 5])
def test_the_whole_calendar_has_ticks(most: int) -> None:
    assert 1 <= len(date_ticks(date.min, date.max, most)) <= most


@given(st.lists(st.floats(20, 200), max_size=5))
def test_labels_do_not_lie_on_one_another(places: list[float]) -> None:
    found = spread(places, 18, 14, 252)

    assert len(found) == len(places)
    assert all(later - sooner > 17 for sooner, later in pairwise(sorted(found)))
    order = sorted(range(len(places)), key=places.__getitem__)
    assert [found[index] for index in order] == sorted(found)


@given(st.text(max_size=80), st.floats(20, 300))
def test_text_is_cut_to_fit(text: str, width: float) -> None:
    found = fitted(text, width)

    assert text_width(found) <= width + 13
    assert found == text or found.endswith("…")


def test_scales() -> None:
    assert Scale(0, 10, 100, 200)(5) == 150
    assert Scale(3, 3, 100, 200)(3) == 150
    scale = Logarithmic(999, 0, 300)
    assert [scale(0), scale(9), scale(999)] == pytest.approx([0, 100, 300])
    assert scale.ticks == (0, 1, 10, 100)
