"""Diffs of text files."""

import difflib
import random
import re
import time

import pytest

from undercurrent.report import unified as module
from undercurrent.report.unified import unified

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")


def test_a_path_from_the_root_stays_one_that_patch_takes() -> None:
    assert unified("/srv/app/Dockerfile", "FROM a\n", "FROM b\n").splitlines()[:2] == [
        "--- a/srv/app/Dockerfile",
        "+++ b/srv/app/Dockerfile",
    ]


def test_carriage_returns_and_a_missing_end_are_kept() -> None:
    made = unified("Dockerfile", "FROM a\r\nUSER x", "FROM a\r\nUSER 1")

    assert made.endswith(" FROM a\r\n-USER x\n\\ No newline at end of file\n+USER 1\n\\ No newline at end of file\n")


def test_nothing_changed_is_nothing_said() -> None:
    assert unified("Dockerfile", "FROM a", "FROM a") == ""


def changed(generator: random.Random, kinds: int) -> tuple[list[str], list[str]]:
    before = [f"{generator.randrange(kinds)}\n" for _line in range(generator.randrange(30))]
    after = list(before)
    for _change in range(generator.randrange(6)):
        at = generator.randrange(len(after) + 1)
        after[at : at + generator.randrange(4)] = [f"{generator.randrange(kinds)}\n"] * generator.randrange(4)
    return before, after


def patched(before: list[str], diff: str) -> list[str]:
    """As `patch` does it, which is told how many lines there are, and finds what it takes away."""
    lines = diff.splitlines(keepends=True)[2:]
    made: list[str] = []
    done = 0
    while lines:
        hunk = HUNK.fullmatch(lines.pop(0))
        assert hunk
        begin, old, at, new = (int(part or "1") for part in hunk.groups())
        made += before[done : begin - bool(old)]
        done = begin - bool(old)
        assert at - bool(new) == len(made)
        taken, given = done + old, len(made) + new
        while (done, len(made)) != (taken, given):
            mark, line = lines[0][0], lines.pop(0)[1:]
            assert mark == "+" or before[done] == line
            done += mark != "+"
            made += [line] * (mark != "-")
    return made + before[done:]


@pytest.mark.parametrize("large", [2000, 0])
def test_what_it_says_makes_the_one_out_of_the_other(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", large)
    generator = random.Random(3)  # noqa: S311 - no secret
    for round_ in range(600):
        before, after = changed(generator, (3, 12, 1000)[round_ % 3])

        diff = unified("f", "".join(before), "".join(after))

        assert patched(before, diff) == after
        if large:
            assert diff == "".join(difflib.unified_diff(before, after, "a/f", "b/f"))


def test_a_large_file_takes_seconds() -> None:
    before = [f"line {number // 2 if number % 3 else number}\n" for number in range(60_000)]
    after = [f"changed {number}\n" if number % 50 == 0 else line for number, line in enumerate(before)]
    began = time.process_time()

    diff = unified("f", "".join(before), "".join(after))

    assert time.process_time() - began < 15
    assert diff.count("\n+changed") == 1200
    assert patched(before, diff) == after
