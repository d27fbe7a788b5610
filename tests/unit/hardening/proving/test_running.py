"""Looks at processes, with /proc of this machine."""

import os
import sys

import pytest

from undercurrent.hardening.proving import procfs, running
from undercurrent.hardening.proving.procfs import SETS, Process

ROOT = dict.fromkeys(SETS, 1)


def process(pid: int, name: str) -> Process:
    return Process(pid, name, (0,) * 4, (0,) * 4, (), ROOT, no_new_privileges=False, seccomp=0)


def seen(monkeypatch: pytest.MonkeyPatch, *names: str, settled: bool) -> list[str] | None:
    found = tuple(process(number, name) for number, name in enumerate(names, 1))
    monkeypatch.setattr(procfs, "processes", lambda _pid: found)
    monkeypatch.setattr(procfs, "mounts", lambda _pid: ())
    look = running._look(1, settled=settled)
    return None if look is None else [one.name for one in look.processes]


def test_the_runtime_is_not_taken_for_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch, "runc:[2:INIT]", settled=False) is None
    assert seen(monkeypatch, "app", "runc:[2:INIT]", settled=False) == ["app"], "what is executed in the container"
    assert seen(monkeypatch, "app", "runcible", settled=False) == ["app", "runcible"]


def test_once_it_has_settled_no_name_hides_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch, "app", "runc:[2:INIT]", settled=True) == ["app", "runc:[2:INIT]"]
    assert seen(monkeypatch, "runc:[2:INIT]", settled=True) == ["runc:[2:INIT]"]


def test_a_process_that_is_gone_was_not_seen() -> None:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {})
    os.waitpid(pid, 0)

    assert running._look(pid) is None
