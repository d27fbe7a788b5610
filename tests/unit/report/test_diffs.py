"""Diffs: kept as they are for programs, coloured for people, harmless for terminals."""

import io

from undercurrent.report.drawing import console, drawn
from undercurrent.report.human import human
from undercurrent.report.markdown import markdown
from undercurrent.report.model import Diff, Report

TEXT = "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1 +1,2 @@\n FROM a\r\n+\tUSER 1\r\n-old \x1b[31m\n"


def test_programs_can_read_it_and_terminals_are_not_told_anything() -> None:
    assert human(Report("harden-fix", {}, [Diff(TEXT)])) == TEXT.replace("\x1b", "\\x1b")


def test_it_is_a_block_of_its_own_in_markdown() -> None:
    assert markdown(Report("harden-fix", {}, [Diff("+USER 1\n")])) == "```diff\n+USER 1\n```\n"


def test_colours_tell_what_comes_and_what_goes() -> None:
    target = console(io.StringIO())
    lines = drawn(target, Diff("@@ -1 +1 @@\n+USER 1\n-USER 0\n")).splitlines()
    assert [line[0] for line in lines] == ["@", "+", "-"]
