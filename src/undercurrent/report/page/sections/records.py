"""The records that the page's figures link to, and the newest beside them; not all, where there are many."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import tzinfo
from typing import Final

from undercurrent.evidence import Record
from undercurrent.i18n import gettext_noop as N_
from undercurrent.report.page.markup import Child, Element, Written, e
from undercurrent.report.page.parts import badge, moment, name_of, record_anchor
from undercurrent.report.page.shell import both
from undercurrent.report.records import MOODS
from undercurrent.report.units import short

__all__ = ["BUDGET", "EVIDENCE", "evidence_section"]

BUDGET: Final = 1_200_000
"""Characters that records may take in the page: it should stay a file that one can send by mail."""
_PROOF: Final = 2000
"""Characters of one proof."""

EVIDENCE: Final = N_("Evidence")
"""The heading."""
_ALL: Final = N_("Records: {count}, all that there are.")
_SOME: Final = N_("Records: {count} of {total}, those that figures link to, and the newest. This lists all:")
_NONE: Final = N_("There is no evidence yet. Sign or verify an image: what comes of it is recorded here.")
_COLUMNS: Final = (
    (N_("when"), "text"),
    (N_("what was done"), "text"),
    (N_("outcome"), "text"),
    (N_("to what"), "text"),
    (N_("by which tool"), "text"),
    (N_("how it was proved"), None),
)


def evidence_section(records: Sequence[Record], linked: AbstractSet[str], total: int, zone: tzinfo | None) -> Element:
    """The section. It stands once in the page, not once a language: what it holds is not translated.

    Args:
        records: the newest first; all that figures link to are among them.
        linked: identifiers of the latter, which are shown in any case.
        total: how many there are in the store.
        zone: in which times are shown.
    """
    rows = _within_budget(records, linked, zone)
    told: Child
    if len(rows) == total:
        told = both(_ALL, count=f"{total:,}") if total else None
    else:
        told = [both(_SOME, count=f"{len(rows):,}", total=f"{total:,}"), " ", e("code", "uc evidence list")]
    return e(
        "section",
        e("h2", both(EVIDENCE), id="evidence-title"),
        e("p", told, class_="lead") if told else None,
        _table(rows) if rows else e("p", both(_NONE), class_="empty"),
        id="evidence",
        class_="records-section",
        aria_labelledby="evidence-title",
    )


def _within_budget(records: Sequence[Record], linked: AbstractSet[str], zone: tzinfo | None) -> list[Written]:
    """Rows, the newest first: what figures link to comes before anything else where there is not room for all."""
    rows: dict[str, Written] = {}
    left = BUDGET
    for record in sorted(records, key=lambda one: one.id not in linked):  # keeps the order otherwise
        row = Written.of(_row(record, zone))
        left -= len(row.text)
        if left < 0 and record.id not in linked:
            break
        rows[record.id] = row
    return [rows[record.id] for record in records if record.id in rows]


def _table(rows: Sequence[Written]) -> Element:
    headings = [e("th", both(name), scope="col", data_sort=sorts) for name, sorts in _COLUMNS]
    return e(
        "div",
        e(
            "table",
            e("caption", both(EVIDENCE), class_="unseen"),
            e("thead", e("tr", headings)),
            e("tbody", rows),
            class_="records",
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_labelledby="evidence-title",
    )


def _row(record: Record, zone: tzinfo | None) -> Element:
    called = [name_of(record.name), e("br")] if record.name else None
    return e(
        "tr",
        e("th", moment(record.at, zone), scope="row", data_key=record.id),
        e("td", e("code", record.kind), class_="keep"),
        e("td", badge(record.outcome, MOODS.get(record.outcome, "")), class_="keep"),
        e("td", called, e("span", name_of(short(record.subject)), class_="code quiet"), class_="subject"),
        e("td", f"{record.tool} {record.tool_version}", class_="quiet"),
        e("td", _proof(record)),
        id=record_anchor(record.id),
    )


def _proof(record: Record) -> Element:
    text = json.dumps(record.as_json(), ensure_ascii=False)
    if len(text) > _PROOF:
        text = text[:_PROOF] + "…"
    whole = f"uc evidence show {record.id}"
    return e("details", e("summary", e("code", record.id[:13])), e("pre", text, "\n\n", whole), class_="proof")
