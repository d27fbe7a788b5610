"""Puts the page together: every section once in each language, the records once for both."""

from collections.abc import Iterator
from typing import Final

from undercurrent import __version__
from undercurrent.i18n import LANGUAGES, match, speaking
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.report.catalogues import notices
from undercurrent.report.page.markup import Element, e
from undercurrent.report.page.parts import moment
from undercurrent.report.page.sections.checklists import checklists
from undercurrent.report.page.sections.claims import claims
from undercurrent.report.page.sections.records import EVIDENCE, evidence_section
from undercurrent.report.page.sections.returns import returns
from undercurrent.report.page.sections.risks import risks
from undercurrent.report.page.sections.shares import shares
from undercurrent.report.page.sections.steps import steps
from undercurrent.report.page.sections.windows import windows
from undercurrent.report.page.shell import TAGS, both, document
from undercurrent.workflows.pages import Sheet

__all__ = ["page"]

_TITLE: Final = N_("Where you stand")
_IMAGES: Final = N_("images: {count}")
_REGISTRIES: Final = N_("registries: {count}")
_RECORDS: Final = N_("records of evidence: {count}")
_FOOT: Final = (
    N_("Made by Undercurrent {version} on this machine. The file holds everything that it shows, and asks nobody."),
    N_("What is done comes from evidence. Amounts, risks and dates come from catalogues, which name their sources."),
)


def page(sheet: Sheet, language: str) -> str:
    """The whole page, as HTML.

    Args:
        sheet: what it shows.
        language: the one that it begins in; it has all.
    """
    first = match(language) or LANGUAGES[0]
    contents: list[tuple[str, str, str]] = []
    halves = []
    for name in LANGUAGES:
        with speaking(name):
            class_, tag, _own = TAGS[name]
            parts = list(_sections(sheet))
            contents += [(name, str(part.attributes["id"]), _heading(part)) for part in parts]
            contents.append((name, "evidence", _(EVIDENCE)))
            halves.append(e("div", parts, class_=class_, lang=tag))
    evidence = evidence_section(sheet.records, sheet.linked, sheet.standing.coverage.records, sheet.zone)
    title = " · ".join(_titles())
    return document(f"{title} – Undercurrent", first, _top(sheet), contents, [halves, evidence], _foot())


def _sections(sheet: Sheet) -> Iterator[Element]:
    standing = sheet.standing
    yield steps(standing)
    yield shares(standing, sheet.deep.history, sheet.zone)
    old = [notice.text for notice in notices(standing.catalogues, standing.day)]
    yield windows(standing.windows, standing.day, standing.settings.planning.horizon_days, old)
    yield checklists(standing.checklists, sheet.deep.burn_downs, sheet.zone)
    yield returns(sheet.study, sheet.choices[0][0] if sheet.choices and sheet.choices[0][1].actions else None)
    yield risks(standing.catalogue, sheet.choices, sheet.deep.frontier)
    yield claims(standing.claims)


def _heading(section: Element) -> str:
    heading = section.children[0]
    assert isinstance(heading, Element)  # noqa: S101 - so `parts.section` makes them
    return str(heading.children[0])


def _titles() -> Iterator[str]:
    for part in both(_TITLE):
        yield str(part.children[0])


def _top(sheet: Sheet) -> list[Element]:
    coverage = sheet.standing.coverage
    counts = ((_IMAGES, coverage.images), (_REGISTRIES, len(coverage.registries)), (_RECORDS, coverage.records))
    told = [(" · ", both(words, count=f"{count:,}")) for words, count in counts]
    return [e("h1", both(_TITLE)), e("p", moment(sheet.standing.at, sheet.zone), told, class_="under")]


def _foot() -> list[Element]:
    return [e("p", both(text, version=__version__)) for text in _FOOT]
