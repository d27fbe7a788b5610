"""UC201: an image without a signature."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["IMAGE_UNSIGNED"]

IMAGE_UNSIGNED: Final = Rule(
    code="UC201",
    name="image-unsigned",
    severity=Severity.ERROR,
    summary=N_("The image has no signature."),
    explanation=N_(
        "The place that holds the image was asked, and it answered: there is no signature for this digest, neither "
        "cosign's tag (`sha256-….sig`) nor a sigstore bundle or a notation signature that refers to the image.\n\n"
        "Nobody can tell who made such an image, or whether it is still what was built. Whoever may write to the "
        "registry can put another image under its name, and no machine that pulls it will notice."
    ),
    remedy=N_(
        "Sign it: `uc image sign IMAGE`, or `uc image sign --all` for every image that is yours. "
        "`uc key generate` makes a key if you have none.\n\n"
        "If the image is somebody else's, look for the signed one that they publish; or check it, copy it to a "
        "registry of yours, and sign the copy."
    ),
    aliases=("CIS 4.5", "CICD-SEC-9"),
)
