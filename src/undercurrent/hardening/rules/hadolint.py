"""UC139: what hadolint found; its own rules are not written again here."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["RULE"]

RULE: Final = Rule(
    code="UC139",
    name="hadolint",
    severity=Severity.NOTE,
    summary=N_("hadolint found something; its own code stands in the message."),
    explanation=N_(
        "Caches, pinned packages, shells and pipes are hadolint's: if it is installed, it looks at all files in one "
        "call, and what it finds stands beside the rest. What a rule of this tool says as well is not said twice."
    ),
    remedy=N_(
        "The page of that code: `https://github.com/hadolint/hadolint/wiki/DL3008`, with the code of the message."
    ),
)
