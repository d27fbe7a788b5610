"""The generated pages are what the source says now."""

from pathlib import Path

import pytest
from docs.generate import all_pages
from tests.support.source import ROOT

from undercurrent.workflows.rules import RULES

PAGES = all_pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT / "docs").as_posix())
def test_a_page_is_current(path: Path) -> None:
    assert path.is_file(), "write it with: python -m docs.generate"
    assert path.read_text("utf-8") == PAGES[path], "write it again with: python -m docs.generate"


def test_no_page_is_about_a_rule_that_is_gone() -> None:
    written = {path.name.partition(".")[0] for path in (ROOT / "docs" / "reference" / "rules").glob("UC*.md")}

    assert written == set(RULES)
