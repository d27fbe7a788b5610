"""Progress on standard error: bars on a terminal, notes elsewhere, nothing when quiet."""

import io
import re
import sys
import time
from pathlib import Path

import pytest

from undercurrent.progress import Advanced, Event, Finished, Noted, Started
from undercurrent.report.progress import watching

EVENTS: list[Event] = [
    Started("sign", None),
    Started("sign", 3),
    Advanced("sign", item="oci:images:app:1.0@sha256:" + "1f2e3d4c5b6a7980" * 4),
    Noted("registry.example does not answer; trying again"),
    Noted("registry.example does not answer; trying again"),
    Advanced("sign", item="app:2.0", failed=True),
    Advanced("sign"),
    Finished("sign"),
    Advanced("sign"),
    Finished("sign"),
    Advanced("never started"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, quiet: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    with watching(quiet=quiet) as observe:
        for event in EVENTS:
            observe(event)
            if isinstance(event, Advanced) and not quiet:
                time.sleep(0.15)  # a bar is drawn ten times a second
    return stream.getvalue()


def test_a_pipe_gets_each_note_once_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, io.StringIO()) == "registry.example does not answer; trying again\n"


def test_a_note_is_there_before_what_is_printed_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w", buffering=4096) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with watching() as observe:
            observe(Noted("hello"))
            assert (tmp_path / "stderr").read_text() == "hello\n"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    assert watched(monkeypatch, stream, quiet=True) == ""


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)

    shown = watched(monkeypatch, Terminal())

    assert "sign" in shown
    assert {"1/3", "2/3"} <= set(re.findall(r"[0-9]/3", shown))
    assert shown.count("trying again") == 1
    assert re.search(r"\x1b\[2K\x1b\[\?25h\r$", shown)  # clears its line and brings the cursor back
    assert max(map(len, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines())) <= 80
    assert bool(re.search(r"\x1b\[[0-9;]*m", shown)) is not bool(no_color)


def test_nothing_to_watch_leaves_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    with watching():
        pass

    assert stream.getvalue() == ""


def test_a_dumb_terminal_gets_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "dumb")
    with watching() as observe:
        observe(Started("sign", 3))
        observe(Noted("hello"))

    assert stream.getvalue() == "hello\n"
