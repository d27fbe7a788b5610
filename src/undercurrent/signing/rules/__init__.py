"""What there is to find about an image's supply chain: UC2xx, a file for each rule."""

from typing import Final

from undercurrent.findings import Rule
from undercurrent.signing.rules.image_unsigned import IMAGE_UNSIGNED
from undercurrent.signing.rules.image_without_sbom import IMAGE_WITHOUT_SBOM
from undercurrent.signing.rules.not_checked import NOT_CHECKED
from undercurrent.signing.rules.policy_denied import POLICY_DENIED
from undercurrent.signing.rules.signature_untrusted import SIGNATURE_UNTRUSTED

__all__ = ["IMAGE_UNSIGNED", "IMAGE_WITHOUT_SBOM", "NOT_CHECKED", "POLICY_DENIED", "RULES", "SIGNATURE_UNTRUSTED"]

RULES: Final[tuple[Rule, ...]] = (IMAGE_UNSIGNED, SIGNATURE_UNTRUSTED, NOT_CHECKED, IMAGE_WITHOUT_SBOM, POLICY_DENIED)
