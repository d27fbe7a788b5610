"""Markdown for pull requests: what is in names must not become markup."""

import pytest

from undercurrent.report.markdown import markdown
from undercurrent.report.model import Cell, Fields, Prose, Report, Table, Text, Tree


def shown(*blocks: Text | Prose | Fields | Table | Tree, summary: Cell | None = None) -> str:
    return markdown(Report("test", {}, blocks, summary=summary))


def test_a_table() -> None:
    table = Table(["image", "size"], [["app:1.0", Cell("12 MB", "good")]], "Images", right=frozenset({1}))

    assert shown(table) == "### Images\n\n| image | size |\n| --- | ---: |\n| app:1.0 | 12 MB |\n"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("`code`", r"\`code\`"),
        ("*bold*_it_", r"\*bold\*\_it\_"),
        ("<script>", r"\<script\>"),
        ("[text](url)", r"\[text\](url)"),
        ("back\\slash", r"back\\slash"),
        ("two\nlines", "two lines"),
        ("two\r\nlines", "two lines"),
        ("# title ~~no~~ &lt;", r"\# title \~\~no\~\~ \&lt;"),
    ],
)
def test_names_are_escaped_everywhere(text: str, escaped: str) -> None:
    assert f"| {escaped} |" in shown(Table(["name"], [[text]]))
    assert shown(Text(" ".join(text.splitlines()))) == escaped + "\n"
    assert shown(Tree(text, [Tree(text)])) == f"- {escaped}\n  - {escaped}\n"
    assert shown(Fields([("name", text)])) == f"- name: {escaped}\n"
    assert shown(summary=Cell(text)) == f"**{escaped}**\n"


def test_blocks_are_paragraphs_and_the_summary_comes_last() -> None:
    assert (
        shown(Prose("Say `this`."), Text("and that"), summary=Cell("done")) == "Say `this`.\n\nand that\n\n**done**\n"
    )


@pytest.mark.parametrize(
    ("text", "fence"),
    [("a\n  b ", "```"), ("===\r\n```\n# c", "````"), ("a\n`````` b", "```````"), ("[a](b)\n<c>", "```")],
)
def test_lines_stay_as_they_are_in_a_fence_that_they_do_not_end(text: str, fence: str) -> None:
    lines = "\n".join(text.splitlines())
    assert shown(Text(text)) == f"{fence}\n{lines}\n{fence}\n"
