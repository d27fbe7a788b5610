"""Columns are lined up as rich would, and left to rich where there is more to do."""

import io
import sys

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from undercurrent.report import human as renderer
from undercurrent.report.columns import lined_up
from undercurrent.report.drawing import console, drawn
from undercurrent.report.model import Cell, Report, Table, Text

WORDS = st.text("ab -:/签名é…", max_size=12).map(str.strip)
CELLS = st.one_of(WORDS, st.builds(Cell, WORDS, st.sampled_from(["", "good", "bad", "quiet"])))
TABLES = st.integers(1, 4).flatmap(
    lambda count: st.builds(
        Table,
        st.lists(WORDS, min_size=count, max_size=count),
        st.lists(st.lists(CELLS, min_size=count, max_size=count), min_size=1, max_size=4),
        title=WORDS,
        right=st.frozensets(st.integers(0, count - 1)),
        squeeze=st.frozensets(st.integers(0, count - 1)),
    )
)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(table=TABLES)
def test_it_looks_the_same_as_what_rich_draws(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("COLUMNS", "100")
        patched.setattr(sys, "stdout", io.StringIO())
        ours = renderer.human(Report("test", {}, [table]))
        patched.setattr(renderer, "lined_up", lambda *_: [])
        assert ours == renderer.human(Report("test", {}, [table]))


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=st.text("ab \n\t\x1b/签名é…", max_size=200))
def test_a_text_looks_the_same_as_what_rich_prints(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("COLUMNS", "20")
        patched.setattr(sys, "stdout", io.StringIO())
        block = Text(text, "bad")
        assert renderer.human(Report("test", {}, [block])) == drawn(console(io.StringIO()), block)


def test_columns_of_numbers_end_together() -> None:
    table = Table(["image", "size"], [["app", "1.2 GB"], ["签名", "9 B"]], right=frozenset({1}))
    assert lined_up(table, 80) == ["image     size", "─" * 14, "app     1.2 GB", "签名       9 B"]


@pytest.mark.parametrize("cell", ["two\nlines", "a\ttab", " begins with a space", "much too long " * 9])
def test_what_has_to_be_wrapped_or_expanded_is_left_to_rich(cell: str) -> None:
    assert lined_up(Table(["name"], [[cell]]), 80) == []


def test_what_nobody_could_see_is_written_out() -> None:
    assert lined_up(Table(["name"], [["a\x1b[31m"]]), 80)[-1] == r"a\x1b[31m"
