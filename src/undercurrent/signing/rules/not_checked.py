"""UC203: nobody can say whether there is a signature."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["NOT_CHECKED"]

NOT_CHECKED: Final = Rule(
    code="UC203",
    name="not-checked",
    severity=Severity.WARNING,
    summary=N_("Nobody can say whether the image is signed: the check could not be made."),
    explanation=N_(
        "The place that holds the image did not answer, or not usefully: it was down or too slow, it asked for "
        "fewer requests (429), it refused the credentials (401, 403), or it failed (5xx). It was asked again as "
        "often as the settings allow.\n\n"
        "This is not the same as having no signature, and it is never reported as that: a check that takes "
        "silence for an answer can be switched off by whoever disturbs the network."
    ),
    remedy=N_(
        "Run the same command again once the cause is gone; the finding names it.\n\n"
        "- *Unauthorized*: `uc login HOST`.\n"
        "- *Too many requests*: lower `net.max_per_host`, or wait.\n"
        "- *Unreachable*: check the host's name, the proxy, and its certificate (`net.ca_bundle`).\n\n"
        "Until then, treat the image as one that was not verified."
    ),
)
