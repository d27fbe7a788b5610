"""UC133: an ignore that has nothing to ignore."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["RULE"]

RULE: Final = Rule(
    code="UC133",
    name="ignore-not-used",
    severity=Severity.NOTE,
    summary=N_("A rule is ignored that finds nothing there."),
    explanation=N_("It was mended meanwhile, or the comment is in another place than it should be."),
    remedy=N_("Take the comment out, or put it above the instruction that it is about."),
    before="FROM debian:12\n# uc:ignore UC104 -- the volume belongs to user 1000\nUSER 10001\n",
    after="FROM debian:12\nUSER 10001\n",
)
