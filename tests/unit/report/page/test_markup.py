"""Whatever text goes into a page, text is what it stays."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.report.page.markup import Asset, e
from undercurrent.report.plain import plain

HOSTILE = [
    "<script>alert(1)</script>",
    '"onload=alert(1) x="',
    "' onerror='alert(1)",
    "]]>",
    "-->",
    "</style></script></textarea></title>",
    "&lt;b&gt; &#x3c;img src=x&#x3e;",
    "app\u202egpj.exe\u2066",
    "nul\0byte\x1b[31m",
    "\ud800",
    "javascript:alert(1)",
]


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@pytest.mark.parametrize("text", HOSTILE, ids=json.dumps)
def test_text_stays_text(text: str) -> None:
    found = read(str(e("td", text, title=text, data_key=text)))

    assert found.elements == ["td"]
    assert found.text == plain(text)
    assert found.attributes == {"title": plain(text), "data-key": plain(text)}


@given(st.text(), st.text())
def test_any_text_stays_text(text: str, attribute: str) -> None:
    written = str(e("td", e("bdi", text), title=attribute))
    found = read(written)

    assert found.elements == ["td", "bdi"]
    assert set(found.attributes) == {"title"}
    assert found.text == plain(text)
    assert found.attributes["title"] == plain(attribute)
    assert not set(written) & {"\0", "\u202e", "\x1b"}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//evil", "file:///x", ""]
)
def test_no_link_runs_anything_or_reads_files(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        e("a", "x", href=address)


def test_links_lead_into_the_page_and_to_the_web() -> None:
    assert str(e("a", "x", href="#record-1")) == '<a href="#record-1">x</a>'
    assert str(e("a", "x", href="https://example.com/?a=1&b=2")) == '<a href="https://example.com/?a=1&amp;b=2">x</a>'


@pytest.mark.parametrize("name", ["onclick", "on", "x y", "1", "a>b", ""])
def test_no_attribute_runs_anything(name: str) -> None:
    with pytest.raises(ValueError, match="attribute"):
        e("p", **{name: "alert(1)"})


@pytest.mark.parametrize("name", ["", "a b", "a>", "!--", "A"])
def test_names_of_elements_are_names(name: str) -> None:
    with pytest.raises(ValueError, match="element"):
        e(name)


@pytest.mark.parametrize("name", ["script", "style"])
def test_scripts_and_style_sheets_come_from_files_alone(name: str) -> None:
    with pytest.raises(ValueError, match="files of this package"):
        str(e(name, "alert(1)"))
    with pytest.raises(ValueError, match="files of this package"):
        str(e("p", Asset("page.js")))


@pytest.mark.parametrize("name", ["page.js", "page.css"])
def test_files_end_no_element(name: str) -> None:
    assert "</" not in Asset(name).text
    assert "<!--" not in Asset(name).text


def test_what_is_nothing_is_left_out() -> None:
    assert str(e("p", None, ["a", None, ("b", 3)], hidden=True, id=None, class_=False)) == "\n<p hidden>ab3</p>"
    assert str(e("br")) == "<br>"


@pytest.mark.parametrize(("value", "written"), [(1.0, "1"), (0.25, "0.2"), (-0.01, "0"), (-12.55, "-12.6"), (3, "3")])
def test_coordinates_are_short(value: float, written: str) -> None:
    assert str(e("rect", x=value)) == f'<rect x="{written}"></rect>'
