"""The page in a real browser: nothing on the console, nothing asked for, readable, and usable without a mouse."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.browser import Page, browser
from tests.support.cli import UcRunner
from tests.support.sheets import filled_store

pytestmark = pytest.mark.peer("chromium")

SIZES: Final = (1280, 390)
SCHEMES: Final = ("light", "dark")
LANGUAGES: Final = {"en": "Where you stand", "zh": "现状一览"}

CONTRAST: Final = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (channels(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, title, desc")) continue;
    const style = getComputedStyle(element);
    const front = light(element instanceof SVGElement ? style.fill : style.color);
    const back = light(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const named = `${element.tagName}.${element.getAttribute("class")}`;
    if (ratio < 4.5) found.push(`${named} ${ratio.toFixed(2)} ${element.textContent.slice(0, 40)}`);
  }
  return [...new Set(found)];
})()
"""
"""Texts of which the contrast with what is behind them is under 4.5:1 (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""

HIDDEN_FOCUS: Final = """
(() => {
  const shown = document.activeElement.closest("label")?.querySelector(".face") ?? document.activeElement;
  const style = getComputedStyle(shown);
  return { name: document.activeElement.tagName, outline: style.outlineStyle, width: parseFloat(style.outlineWidth) };
})()
"""


@pytest.fixture
def page_file(run_uc: UcRunner) -> Path:
    """What ``uc report`` makes of a small estate with names that mean harm in it."""
    filled_store(run_uc.folder / "evidence.db", 160)
    done = run_uc("report", "-o", "standing.html", env={"UNDERCURRENT_EVIDENCE_URL": "sqlite:///evidence.db"})
    assert done.exit_code == 0, done.stderr
    return run_uc.folder / "standing.html"


@pytest.fixture
async def tab() -> AsyncIterator[Page]:
    async with browser() as page:
        yield page


async def choose(tab: Page, what: str) -> None:
    await tab.evaluate(f"document.getElementById({json.dumps(what)}).click()")


async def test_it_is_quiet_readable_and_fits(page_file: Path, tab: Page, tmp_path: Path) -> None:
    for width in SIZES:
        for scheme in SCHEMES:
            await tab.resize(width)
            await tab.prefer(scheme=scheme)
            await tab.open(page_file.as_uri())
            for language, title in LANGUAGES.items():
                await choose(tab, f"language-{language}")
                named = f"{width}, {scheme}, {language}"
                assert await tab.evaluate("document.querySelector('h1').innerText") == title, named
                assert await tab.evaluate("document.documentElement.lang.slice(0, 2)") == language, named
                assert await tab.evaluate("document.scrollingElement.scrollWidth") <= width, named
                assert await tab.evaluate(CONTRAST) == [], named
                (tmp_path / f"{width}-{scheme}-{language}.png").write_bytes(await tab.picture())

    assert tab.said == []
    assert set(tab.asked) <= {page_file.as_uri()}
    assert await tab.evaluate("window.owned") is None
    assert len({path.read_bytes() for path in tmp_path.glob("*.png")}) == len(SIZES) * len(SCHEMES) * len(LANGUAGES)


async def test_languages_and_colours_are_chosen_without_a_script(page_file: Path, tab: Page) -> None:
    await tab.prefer(scheme="light")
    await tab.open(page_file.as_uri(), script=False)
    background = "getComputedStyle(document.body).backgroundColor"
    light = await tab.evaluate(background)

    assert await tab.evaluate("document.querySelectorAll('th button').length") == 0, "no script ran"
    assert await tab.evaluate("document.querySelector('h1').innerText") == LANGUAGES["en"]
    await choose(tab, "language-zh")
    assert await tab.evaluate("document.querySelector('h1').innerText") == LANGUAGES["zh"]
    await choose(tab, "theme-dark")
    dark = await tab.evaluate(background)
    assert dark != light
    await tab.prefer(scheme="dark")
    await choose(tab, "theme-light")
    assert await tab.evaluate(background) == light
    await choose(tab, "theme-auto")
    assert await tab.evaluate(background) == dark


async def test_tables_are_sorted_with_the_keyboard(page_file: Path, tab: Page) -> None:
    await tab.open(page_file.as_uri())
    column = """
      (() => {
        const table = document.querySelector("#risks-en > .scroll table:has(tbody tr:nth-child(5))");
        const header = [...table.tHead.rows[0].cells].find((cell) => cell.dataset.sort === "number");
        header.querySelector("button").focus();
        return [...table.tBodies[0].rows].map((row) => Number(row.cells[header.cellIndex].dataset.key));
      })()
    """
    sorting = "document.activeElement.closest('th').getAttribute('aria-sort')"
    before = await tab.evaluate(column)
    await tab.press("Enter", 13)
    assert await tab.evaluate(sorting) == "ascending"
    assert await tab.evaluate(column) == sorted(before)
    await tab.press(" ", 32)
    assert await tab.evaluate(sorting) == "descending"
    assert await tab.evaluate(column) == sorted(before, reverse=True)
    assert await tab.evaluate("document.querySelectorAll('#risks-en th[aria-sort]').length") == 1


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(page_file: Path, tab: Page) -> None:
    await tab.open(page_file.as_uri())
    reached = []
    for _step in range(16):
        await tab.press("Tab", 9)
        focus = await tab.evaluate(HIDDEN_FOCUS)
        assert focus["outline"] != "none", focus
        assert focus["width"] >= 2, focus
        reached.append(focus["name"])
    assert reached[:3] == ["A", "INPUT", "INPUT"], "past the beginning, language, colours"


async def test_figures_lead_to_the_evidence_they_rest_on(page_file: Path, tab: Page) -> None:
    await tab.prefer()
    await tab.open(page_file.as_uri())
    link = "document.querySelector('#shares-en a[href^=\"#record-\"]')"
    await tab.evaluate(f"{link}.click()")
    target = await tab.evaluate("location.hash.slice(1)")
    box = await tab.evaluate(f"document.getElementById({json.dumps(target)}).getBoundingClientRect().toJSON()")

    assert target.startswith("record-")
    assert await tab.evaluate("document.querySelector(':target').tagName") == "TR"
    assert 0 <= box["top"] < await tab.evaluate("innerHeight")


async def test_a_reader_that_cannot_see_finds_its_way(page_file: Path, tab: Page) -> None:
    await tab.open(page_file.as_uri())
    await tab.call("Accessibility.enable")
    nodes = [node for node in (await tab.call("Accessibility.getFullAXTree"))["nodes"] if not node["ignored"]]

    def named(role: str) -> list[str]:
        return [str(node.get("name", {}).get("value", "")) for node in nodes if node["role"]["value"] == role]

    for landmark in ("banner", "main", "navigation", "contentinfo"):
        assert len(named(landmark)) == 1, landmark
    headings = [node for node in nodes if node["role"]["value"] == "heading"]
    assert [level_of(node) for node in headings].count(1) == 1
    for role in ("image", "table", "link", "button", "radio", "navigation", "region"):
        found = named(role)
        assert found, role
        assert all(found), f"{role} without a name"
    assert not any("现状" in name for name in named("heading")), "the other language is not read out"


def level_of(node: dict[str, Any]) -> int:
    return next(int(one["value"]["value"]) for one in node["properties"] if one["name"] == "level")


async def test_it_can_be_printed(page_file: Path, tab: Page) -> None:
    await tab.prefer(scheme="dark")
    await tab.open(page_file.as_uri())
    printed = await tab.pdf()
    await tab.prefer(scheme="dark", media="print")

    assert printed.startswith(b"%PDF-")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") <= 40
    assert await tab.evaluate("getComputedStyle(document.querySelector('.choice')).display") == "none"
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await tab.evaluate(CONTRAST) == []
    assert tab.said == []
