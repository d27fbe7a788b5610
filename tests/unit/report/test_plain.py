"""Nothing from strangers reaches the terminal as more than text."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.progress import Advanced, Noted, Started
from undercurrent.report.human import human
from undercurrent.report.markdown import markdown
from undercurrent.report.model import Block, Cell, Fields, Report, Table, Text, Tree
from undercurrent.report.plain import plain
from undercurrent.report.progress import watching

EVIL = "app\x1b[2J\x1b]0;owned\x07\x9b31m\u202egpj\r:1.0"
HARMLESS = "app\\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\u202egpj\\x0d:1.0"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_cannot_be_seen_is_written_out() -> None:
    assert plain(EVIL) == HARMLESS
    assert plain("镜像\tone\ntwo é 💥 \u200d") == "镜像\tone\ntwo é 💥 \u200d"
    assert plain("\udcff") == "\\udcff"


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    assert all(character.isprintable() or character in "\t\n" for character in plain(text) if character < "\xa0")


def test_every_block_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "200")
    blocks: list[Block] = [
        Text(EVIL),
        Fields([(EVIL, EVIL)]),
        Table(["name"], [[EVIL]]),
        Tree(EVIL, [Tree(Cell(EVIL, "bad"))]),
    ]
    report = Report("test", {}, blocks, summary=Cell(EVIL))

    assert human(report).count(HARMLESS) == 7
    assert "\x1b" not in human(report)
    assert "\x1b" not in markdown(report)


def test_progress_is_harmless_and_takes_names_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    with watching() as observe:
        observe(Started(f"exporting {EVIL} [/b]", 3))
        observe(Noted(EVIL))
        observe(Advanced(f"exporting {EVIL} [/b]", item=f"[::1]:5000/{EVIL} [/b]"))

    shown = stream.getvalue()
    assert HARMLESS in shown
    assert "[::1]:5000/" in shown
    for forbidden in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\u202e"):
        assert forbidden not in shown
