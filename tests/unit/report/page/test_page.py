"""The page holds everything, in both languages, and nothing that is not its own."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest
from tests.support.sheets import HOSTILE, filled_store

from undercurrent import i18n
from undercurrent.evidence import Record, new_run_id, open_store
from undercurrent.planning.catalogue import Action, Catalogue, Failure, Label, Source
from undercurrent.report.page.page import page
from undercurrent.report.page.sections.records import BUDGET, evidence_section
from undercurrent.report.page.sections.risks import risks
from undercurrent.report.page.shell import SCRIPT, STYLE, policy
from undercurrent.report.plain import plain
from undercurrent.settings import EvidenceSettings, Settings
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.pages import sheet, with_linked

DAY = date(2025, 11, 20)
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return filled_store(tmp_path_factory.mktemp("page") / "evidence.db")


@pytest.fixture(scope="module")
def written(settings: Settings) -> str:
    return page(sheet(settings), "en")


@pytest.fixture(scope="module")
def tree(written: str) -> ET.Element:
    """The page as the standard has it read; what is not valid raises."""
    parsed: ET.Element = html5lib.HTMLParser(strict=True).parse(written)
    return parsed


def elements(tree: ET.Element, name: str) -> Iterator[ET.Element]:
    yield from tree.iter(XHTML + name)


def test_it_is_valid_and_has_one_heading_of_each_kind(tree: ET.Element) -> None:
    identifiers = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
    assert len(set(identifiers)) == len(identifiers)
    assert len(list(elements(tree, "h1"))) == len(list(elements(tree, "main"))) == 1
    for language in ("en", "zh"):
        (half,) = (one for one in elements(tree, "div") if one.attrib.get("class") == language)
        levels = [int(one.tag[-1]) for one in half.iter() if re.fullmatch(re.escape(XHTML) + r"h\d", str(one.tag))]
        assert levels[0] == 2
        assert all(later - sooner <= 1 for sooner, later in pairwise(levels))
        assert half.attrib["lang"].startswith(language)


def test_everything_that_is_named_is_there(tree: ET.Element) -> None:
    identifiers = {element.attrib["id"] for element in tree.iter() if "id" in element.attrib}
    links = [element.attrib["href"] for element in elements(tree, "a")]
    assert len([link for link in links if link.startswith("#record-")]) >= 20
    assert {link[1:] for link in links if link.startswith("#")} <= identifiers
    for element in tree.iter():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attrib.get(name, "").split()) <= identifiers


def test_it_needs_nothing_else(written: str, tree: ET.Element) -> None:
    for element in tree.iter():
        assert not {"src", "srcset", "action", "background", "style"} & set(element.attrib), element.tag
        assert not [name for name in element.attrib if str(name).lower().startswith("on")]
        if "href" in element.attrib:
            assert element.attrib["href"].startswith(("#", "data:image/svg+xml,")), element.attrib
    assert "@import" not in STYLE.text
    assert "url(" not in STYLE.text
    (meta,) = (one for one in elements(tree, "meta") if one.attrib.get("http-equiv") == "Content-Security-Policy")
    assert meta.attrib["content"] == policy()
    assert policy().startswith("default-src 'none'; ")
    assert "unsafe" not in policy()
    assert len(list(elements(tree, "script"))) == len(list(elements(tree, "style"))) == 1
    assert SCRIPT.text in written


def test_names_that_mean_harm_are_only_shown(tree: ET.Element) -> None:
    shown = {"".join(one.itertext()) for one in elements(tree, "bdi")}

    assert {plain(name) for name in HOSTILE} <= shown
    assert {one.tag for one in tree.iter()} & {XHTML + "img", XHTML + "iframe", XHTML + "object"} == set()
    assert not set("".join(tree.itertext())) & set("\0\x1b\u202e\u2066\u200f")


def test_pictures_say_what_they_show(tree: ET.Element) -> None:
    pictures = list(tree.iter(SVG + "svg"))
    named = [one for one in pictures if one.attrib.get("role") == "img"]

    assert {one.attrib.get("aria-hidden") for one in pictures if one not in named} == {"true"}
    assert len(named) >= 2 * (4 * 2 + 3), "each in two languages, and but for the burn-downs in two widths"
    for one in named:
        title, told = one.find(SVG + "title"), one.find(SVG + "desc")
        assert title is not None
        assert told is not None
        assert title.text
        assert told.text


def test_both_languages_are_in_it(written: str) -> None:
    assert "Where you stand" in written
    assert "现状一览" in written
    with i18n.speaking("zh"):
        assert i18n.language() == "zh_CN"
    assert i18n.language() == "en"


@pytest.mark.parametrize(("language", "tag", "chosen"), [("en", "en", "en"), ("zh_CN", "zh-CN", "zh")])
def test_it_begins_in_the_language_that_was_asked_for(settings: Settings, language: str, tag: str, chosen: str) -> None:
    found = page(sheet(settings), language)

    assert f'<html lang="{tag}" data-first="{chosen}">' in found
    assert re.search(rf'<input type="radio" name="language" value="{chosen}"[^>]* checked', found)


def test_a_day_that_is_over_shows_what_was_known_then(settings: Settings) -> None:
    found = sheet(settings, day=DAY)

    assert found.standing.coverage.images == 0
    text = page(found, "en")
    assert "There is no evidence yet" in text
    assert "42 days left" in text or "41 days left" in text


def test_many_records_make_no_large_file(tmp_path: Path) -> None:
    settings = filled_store(tmp_path / "evidence.db", 3000)
    found = sheet(settings)
    text = page(found, "en")

    assert len(text.encode()) < 3 * 1024 * 1024
    assert "3,000" in text
    assert "uc evidence list" in text
    rows = set(re.findall(r'id="record-([0-9a-f-]+)"', text))
    assert found.linked <= rows
    assert len(rows) < 1000


def test_large_proofs_push_out_what_nothing_links_to() -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    proof = {"text": "&<" * 400_000}
    records = [Record("k", "s", "o", proof, "t", "1", at, new_run_id()) for _number in range(900)]
    linked = {record.id for record in records[-30:]}
    text = str(evidence_section(records, linked, len(records), UTC))

    rows = re.findall(r'id="record-([0-9a-f-]+)"', text)
    assert linked <= set(rows) < {record.id for record in records}
    assert rows == [record.id for record in records if record.id in set(rows)], "still in their order"
    assert len(text) < BUDGET * 1.2


def test_an_estate_without_evidence_has_a_page(tmp_path: Path) -> None:
    settings = Settings(evidence=EvidenceSettings(url=f"sqlite:///{tmp_path / 'evidence.db'}"))
    text = page(sheet(settings), "en")

    html5lib.HTMLParser(strict=True).parse(text)
    assert "nothing recorded" in text


def test_evidence_that_leaves_meanwhile_leaves_a_page(tmp_path: Path) -> None:
    settings = filled_store(tmp_path / "evidence.db", 40)
    with open_store(settings.evidence.location) as store:
        newest = next(store.query(limit=1))
        assert with_linked(store, [newest], [newest.id, "019a0000-0000-7000-8000-000000000000"]) == (newest,)


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "standing.html"
    target.write_text("before")
    keep("after", target)
    assert target.read_text() == "after"

    link = tmp_path / "link.html"
    link.symlink_to(target)
    keep("through a link", link)
    assert link.is_symlink()
    assert target.read_text() == "through a link"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "standing.html"]


def test_what_is_certain_is_100_percent() -> None:
    label = Label(zh="x", en="it fails")
    failures = tuple(Failure(label, Decimal(share), Decimal(7)) for share in ("1", "0.125", "0.30"))
    catalogue = Catalogue("own", label, "CNY", Source("x", DAY), actions=(Action("a", "1", label, failures=failures),))
    shown = "".join(html5lib.parseFragment(str(risks(catalogue, (), ()))).itertext())

    for told in ("it fails: 100% × ¥7", "it fails: 12.5% × ¥7", "it fails: 30% × ¥7"):
        assert told in shown
