"""What others say, and what is known of it."""

from collections.abc import Mapping, Sequence
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Claim, Status
from undercurrent.report.model import Mood
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import Column, Value, badge, section, table
from undercurrent.report.page.sections.windows import read_at

__all__ = ["claims"]

_STATES: Final[Mapping[Status, tuple[str, Mood]]] = {
    Status.VERIFIED: (N_("verified"), "good"),
    Status.REFUTED: (N_("refuted"), "bad"),
    Status.UNVERIFIED: (N_("no source found"), "unsure"),
    Status.CLAIMED: (N_("claimed"), "unsure"),
}


def claims(ledger: Sequence[Claim]) -> Element:
    """The section."""
    title, lead = _("Claims"), _("Statements that plans rest on, and what was found when somebody looked.")
    if not ledger:
        return section("claims", title, lead, e("p", _("The catalogues hold no claims."), class_="empty"))
    columns = [Column(_("statement")), Column(_("state")), Column(_("what was found"), "")]
    rows: list[list[Value | Child]] = [
        [str(claim.statement), _state(claim), [str(claim.finding), e("br"), read_at(claim.source)]] for claim in ledger
    ]
    return section("claims", title, lead, table(_("The ledger"), columns, rows))


def _state(claim: Claim) -> Value:
    words, mood = _STATES[claim.status]
    return Value(badge(_(words), mood))
