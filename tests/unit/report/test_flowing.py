"""Chinese in tables, trees and prose: lines end between its characters, and none begins with a mark."""

import io

import pytest
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from undercurrent.report.flowing import Flowing
from undercurrent.report.prose import FlowingMarkdown
from undercurrent.report.wrapping import width

CHINESE = "内容被改动过或已损坏（sha256:0123456789abcdef）；请从源头重新获取，不要使用。"


def shown(renderable: RenderableType, columns: int) -> list[str]:
    out = io.StringIO()
    # Printed as it is, rich would join it with nothing, and make it a Text of its own.
    Console(file=out, width=columns, color_system=None).print(Padding(renderable))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_lines_are_filled_and_begin_with_no_mark() -> None:
    lines = shown(Flowing(CHINESE), 24)

    assert lines == ["内容被改动过或已损坏", "（sha256:0123456789abcde", "f）；请从源头重新获取，", "不要使用。"]


@pytest.mark.parametrize("columns", range(20, 70, 7))
def test_columns_stay_straight(columns: int) -> None:
    table = Table("镜像", "原因", box=None, pad_edge=False, show_edge=False)
    table.add_row(Flowing("应用"), Flowing(CHINESE))

    lines = shown(table, columns)

    assert all(width(line) <= columns for line in lines)
    assert all(line.startswith(("应用 ", "镜像 ", " ")) for line in lines)
    assert not [line for line in lines if line.strip().startswith(("，", "；", "。", "）"))]


def test_a_branch_of_a_tree_is_wrapped_too() -> None:
    tree = Tree(Flowing("镜像"))
    tree.add(Flowing(CHINESE))

    assert all(width(line) <= 30 for line in shown(tree, 30))


def test_paragraphs_and_lists_in_prose() -> None:
    lines = shown(FlowingMarkdown(f"{CHINESE}\n\n- {CHINESE}"), 40)

    assert all(width(line) <= 40 for line in lines)
    assert not [line for line in lines if line.strip().startswith(("，", "；", "。", "）"))]
    assert "".join(lines).replace(" ", "").count(CHINESE.replace(" ", "")) == 2


@pytest.mark.parametrize("text", ["all of it fits", "this is longer than the line, so it ends at a space", "x" * 50])
def test_english_is_wrapped_as_rich_does(text: str) -> None:
    assert shown(Flowing(text), 20) == shown(Text(text), 20)


def test_paths_are_cut_between_their_names() -> None:
    assert shown(Flowing("see registry.example.com/acme/app:1.0"), 22) == [
        "see",
        "registry.example.com/",
        "acme/app:1.0",
    ]


def test_lines_that_were_there_are_kept() -> None:
    assert shown(Flowing("镜像\n\n签名"), 20) == ["镜像", "", "签名"]


def test_what_must_not_be_wrapped_is_cut() -> None:
    assert shown(Flowing(CHINESE, no_wrap=True, overflow="ellipsis"), 11) == ["内容被改动…"]
