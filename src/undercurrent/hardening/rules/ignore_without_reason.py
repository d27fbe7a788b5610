"""UC132: somebody wants a rule to be quiet, and does not say why."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["RULE"]

RULE: Final = Rule(
    code="UC132",
    name="ignore-without-reason",
    severity=Severity.WARNING,
    summary=N_("A rule is ignored without a reason, so it is not."),
    explanation=N_(
        "In a year nobody remembers why. An ignore needs at least one rule's code, and a reason after two hyphens; "
        "else it does not count."
    ),
    remedy=N_("Write the reason: `# uc:ignore UC104 -- the volume belongs to user 1000`."),
    before="FROM debian:12\n# uc:ignore UC104\nUSER 1000\n",
    after="FROM debian:12\n# uc:ignore UC104 -- the volume belongs to user 1000\nUSER 1000\n",
)
