"""UC205: right signatures, and a policy that asks for more."""

from typing import Final

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import gettext_noop as N_

__all__ = ["POLICY_DENIED"]

POLICY_DENIED: Final = Rule(
    code="UC205",
    name="policy-denied",
    severity=Severity.ERROR,
    summary=N_("The policy denies the image, though nothing is wrong with its signatures."),
    explanation=N_(
        "The policy asks for more than a signature, and the image does not have it: an attestation is missing, an "
        "attestation is there and does not say what the policy asks for, one key would have to stand for two "
        "people, or no rule of the policy is about the image at all.\n\n"
        "The finding names the rule, the field, what was found there, and what was asked for. A field that is "
        "missing, or is of another kind than the condition compares, counts as a no."
    ),
    remedy=N_(
        "`uc image verify IMAGE --policy FILE --explain` shows each rule, each requirement and each condition.\n\n"
        "- *An attestation is missing*: the build has to attach it: `uc image attest IMAGE --type TYPE --predicate "
        "FILE`.\n"
        "- *A condition does not hold*: read the attestation; a scan that is too old has to be made again, a build on "
        "the wrong machine too.\n"
        "- *No rule is about it*: `uc policy check FILE IMAGE` says which patterns were tried."
    ),
)
