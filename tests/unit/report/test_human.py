"""What people see: on a narrow screen and on a wide one, with colours and without."""

import io
import re
import sys
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from undercurrent.report.human import human
from undercurrent.report.model import Block, Cell, Fields, Prose, Report, Table, Text, Tree

DIGEST = "sha256:" + "1f2e3d4c5b6a7980" * 4
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Shows blocks on standard output of some width, a pipe unless said otherwise."""

    def shown(*blocks: Block, columns: int = 80, terminal: bool = False, summary: Cell | None = None) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "stdout", Terminal() if terminal else io.StringIO())
        return human(Report("test", {}, blocks, summary=summary))

    for name in ("NO_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return shown


def images(*names: str) -> Table:
    rows: list[list[Cell | str]] = [
        [name, "1f2e3d4c5b6a", "linux/amd64\nlinux/arm64", "12.3 MB", Cell("both", "good")] for name in names
    ]
    columns = ["image", "digest", "platforms", "size", "signed"]
    return Table(columns, rows, right=frozenset({3}), squeeze=frozenset({0}))


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_no_line_is_wider_than_the_screen_or_ends_in_blanks(show: Callable[..., str], columns: int) -> None:
    tree = Tree(f"app@{DIGEST}", [Tree("linux/amd64", [Tree(Cell("signed by somebody " * 10, "good"))])])
    fields = Fields([("digest", DIGEST), ("place", "registry.example/a/very/long/name/" * 4)], "title")

    lines = show(images("ghcr.io/acme/platform/service-with-a-long-name:1.2.3-rc1"), tree, fields, columns=columns)

    assert max(map(cell_len, lines.splitlines())) <= columns
    assert all(line == line.rstrip() for line in lines.splitlines())


def test_columns_that_do_not_give_way_stay_whole(show: Callable[..., str]) -> None:
    shown = show(images("ghcr.io/acme/platform/service-with-a-long-name:1.2.3-rc1"))

    assert "\nghcr.io/acme/platform/ " in shown
    for whole in ("1f2e3d4c5b6a", "linux/amd64", "12.3 MB", "both"):
        assert whole in shown
    assert "".join(line.split(" ")[0] for line in shown.splitlines()[2:]) == (
        "ghcr.io/acme/platform/service-with-a-long-name:1.2.3-rc1"
    )


def test_where_even_that_is_too_much_nothing_is_lost(show: Callable[..., str]) -> None:
    shown = show(Table(["digest", "platform"], [[DIGEST, "linux/amd64/v3"]]), columns=40)

    assert DIGEST in "".join(line.partition(" ")[0] for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 40


def test_wide_characters_count_twice(show: Callable[..., str]) -> None:
    table = Table(["镜像", "结论"], [["应用" * 30, "已验证"]], squeeze=frozenset({0}))

    shown = show(table, columns=60)

    assert max(map(cell_len, shown.splitlines())) <= 60
    assert (shown.count("应"), shown.count("用")) == (30, 30)
    assert "已验证" in shown


def test_numbers_stand_to_the_right(show: Callable[..., str]) -> None:
    _head, _rule, first, second = show(Table(["n"], [["7"], ["123"]], right=frozenset({0}))).splitlines()

    assert (first, second) == ("  7", "123")


def test_a_pipe_is_wide_and_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())

    shown = human(Report("test", {}, [Table(["a", "b"], [["x" * 100, "y" * 50]])], summary=Cell("done", "good")))

    assert "x" * 100 + "   " + "y" * 50 in shown
    assert "\x1b" not in shown


def test_moods_are_colours_on_a_terminal(show: Callable[..., str]) -> None:
    shown = show(Text("careful", "unsure"), terminal=True, summary=Cell("done", "good"))

    assert shown == "\x1b[33mcareful\x1b[0m\n\n\x1b[32mdone\x1b[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused_and_the_words_stay(
    show: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    blocks = (images("app:1.0"), Tree(Cell("app", "strong"), [Tree(Cell("signed", "good"))]), Prose("Run `uc`."))
    coloured = show(*blocks, terminal=True)
    monkeypatch.setenv(name, value)

    plain = show(*blocks, terminal=True)

    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    assert ESCAPE.sub("", coloured).split() == plain.replace("`", "").split()


def test_markup_of_rich_and_emoji_are_nothing_special(show: Callable[..., str]) -> None:
    text = "[bold]app[/bold] :smiley: [link=x]"

    assert text in show(Text(text))
    assert text in show(Table([text], [[text]]))
    assert text in show(Tree(text))
    assert text in show(Fields([("name", text)]))


def test_text_is_left_as_it_is_however_long(show: Callable[..., str]) -> None:
    path = "/cache/" + "folder/" * 30 + "file.json"

    assert show(Text(path)) == path + "\n"


def test_prose_is_wrapped_and_code_keeps_its_marks_without_colours(show: Callable[..., str]) -> None:
    shown = show(Prose("word " * 40 + "`uc image sign`"))

    assert max(map(len, shown.splitlines())) <= 80
    assert "`uc image sign`" in " ".join(shown.split())
