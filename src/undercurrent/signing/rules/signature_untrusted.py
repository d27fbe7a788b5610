"""UC202: signatures, and none that counts."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["SIGNATURE_UNTRUSTED"]

SIGNATURE_UNTRUSTED: Final = Rule(
    code="UC202",
    name="signature-untrusted",
    severity=Severity.ERROR,
    summary=N_("The image has signatures, and none of them can be trusted."),
    explanation=N_(
        "At least one signature was found for this digest, and each was refused: made with a key that you do not "
        "trust, made for another image, damaged, or not what it claims to be. The finding gives the reason for "
        "each of them.\n\n"
        "This is worse than no signature at all. Either the wrong key was used, here or when signing, or somebody "
        "has put something in the place of what was signed."
    ),
    remedy=N_(
        "Read the reasons first; `uc image tree IMAGE` shows each signature and who made it.\n\n"
        "- *Another key*: verify with the key of whoever signs this image: `uc image verify IMAGE --key FILE`. "
        "After a rotation, trust both keys until every image carries a signature by the new one.\n"
        "- *Another image, or damaged*: do not run it. Find out who could write to the registry, restore the image "
        "from where it was built, and sign it again."
    ),
    aliases=("CIS 4.5", "CICD-SEC-9"),
)
