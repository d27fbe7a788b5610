"""UC204: an image that does not say what is in it."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["IMAGE_WITHOUT_SBOM"]

IMAGE_WITHOUT_SBOM: Final = Rule(
    code="UC204",
    name="image-without-sbom",
    severity=Severity.WARNING,
    summary=N_("The image carries no list of what is in it (SBOM)."),
    explanation=N_(
        "No SPDX or CycloneDX document is attached to this digest as an attestation. When the next widespread "
        "vulnerability is published, nobody can tell from the registry whether the image contains the package in "
        "question: somebody has to find it, pull it and look.\n\n"
        "An image for several platforms needs a document for each of them: they do not contain the same packages."
    ),
    remedy=N_(
        "Sign with `uc image sign IMAGE --sbom`: it makes the document of each platform, signs it, and attaches it "
        "to that platform and to the image as a whole.\n\n"
        "`uc image sbom IMAGE` only makes the document and prints it."
    ),
)
