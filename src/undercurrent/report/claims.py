"""A view of claims: what others say, what is known of it, and where that was read."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Catalogue, Claim, Status
from undercurrent.report.cataloguedata import claim_data
from undercurrent.report.catalogues import notices
from undercurrent.report.model import Block, Cell, Mood, Report, Tree

__all__ = ["status_cell", "status_name", "view"]

_NAMES: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.VERIFIED: N_("verified"),
        Status.REFUTED: N_("refuted"),
        Status.UNVERIFIED: N_("no source found"),
        Status.CLAIMED: N_("claimed"),
    }
)
_LOOKS: Final[Mapping[Status, tuple[str, Mood]]] = MappingProxyType(
    {
        Status.VERIFIED: ("✓", "good"),
        Status.REFUTED: ("✗", "bad"),
        Status.UNVERIFIED: ("?", "unsure"),
        Status.CLAIMED: ("~", "unsure"),
    }
)


def status_name(status: Status) -> str:
    """What people call it."""
    return _(_NAMES[status])


def status_cell(status: Status) -> Cell:
    """Its mark and its name."""
    mark, mood = _LOOKS[status]
    return Cell(f"{mark} {status_name(status)}", mood)


def view(catalogues: Sequence[Catalogue], day: date, statuses: Collection[Status] = ()) -> Report:
    """The claims of catalogues.

    Args:
        catalogues: where they are.
        day: from which the age of sources is counted.
        statuses: which to show; all of them when empty.
    """
    chosen = [
        (catalogue, [claim for claim in catalogue.claims if not statuses or claim.status in statuses])
        for catalogue in catalogues
    ]
    blocks: list[Block] = [_tree(str(catalogue.title), claims) for catalogue, claims in chosen if claims]
    data = {
        "claims": [{"catalogue": catalogue.id, **claim_data(claim)} for catalogue, claims in chosen for claim in claims]
    }
    counts = Counter(claim.status for _catalogue, claims in chosen for claim in claims)
    told = [f"{counts[status]} {status_name(status)}" for status in Status if counts[status]]
    summary = Cell(listed(told) or _("no claims"))
    return Report("plan-claims", data, [*blocks, *notices(catalogues, day)], summary=summary)


def _tree(title: str, claims: Sequence[Claim]) -> Tree:
    return Tree(Cell(title, "strong"), [_branch(claim) for claim in claims])


def _branch(claim: Claim) -> Tree:
    status = status_cell(claim.status)
    source = _("read {date}: {source}").format(date=claim.source.read, source=claim.source.text)
    label = _("{status}: {statement}").format(status=status.text, statement=claim.statement)
    return Tree(Cell(label, status.mood), [Tree(str(claim.finding)), Tree(Cell(source, "quiet"))])
