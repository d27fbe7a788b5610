"""Every case of sigstore-conformance's bundle verification: accepted where it should be, and refused for what is wrong.

The cases are not ours: https://github.com/sigstore/sigstore-conformance/tree/main/test/assets/bundle-verify. How one is
verified is taken from the files of its folder, as its README says; only why one is refused is written here.
"""

import os
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest
from tests.support.sigstorepublic import public_trusted_root

from undercurrent.errors import UndercurrentError
from undercurrent.signing.blobs import verify_blob
from undercurrent.signing.checks import Reason, Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.signing.keys import load_public
from undercurrent.signing.proofs import trustedroot

CASES: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
NAMES: Final = sorted(path.parent.name for path in CASES.glob("*/bundle.sigstore.json"))
PUBLISHED: Final = 70
IDENTITY: Final = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER: Final = "https://token.actions.githubusercontent.com"

REASONS: Final = MappingProxyType(
    {
        "bundle-empty-certificate-chain_fail": Reason.MALFORMED,
        "bundle-from-wrong-instance_fail": Reason.CERTIFICATE,
        "bundle-invalid-base64-signature_fail": Reason.MALFORMED,
        "bundle-malformed-json_fail": Reason.MALFORMED,
        "bundle-negative-log-index_fail": Reason.MALFORMED,
        "bundle-unknown-version_fail": Reason.UNSUPPORTED,
        "bundle-with-root-cert_fail": Reason.MALFORMED,
        "checkpoint-bad-keyhint_fail": Reason.LOG,
        "checkpoint-wrong-roothash_fail": Reason.LOG,
        "dsse-invalid-sig_fail": Reason.BAD_SIGNATURE,
        "dsse-mismatch-envelope_fail": Reason.LOG,
        "dsse-mismatch-sig_fail": Reason.LOG,
        "inclusion-proof-corrupted-hash_fail": Reason.LOG,
        "incorrect-public-key_fail": Reason.LOG,
        "integrated-time-in-future_fail": Reason.EXPIRED,
        "intoto-expired-certificate_fail": Reason.EXPIRED,
        "intoto-log-entry-mismatch_fail": Reason.LOG,
        "intoto-missing-inclusion-proof_fail": Reason.MALFORMED,
        "intoto-set-outside-signing-cert-validity_fail": Reason.EXPIRED,
        "intoto-tsa-timestamp-outside-cert-validity_fail": Reason.EXPIRED,
        "invalid-checkpoint-signature_fail": Reason.LOG,
        "invalid-ct-key_fail": Reason.CERTIFICATE,
        "invalid-inclusion-proof_fail": Reason.MALFORMED,
        "managed-key-no-key_fail": Reason.UNTRUSTED_KEY,
        "managed-key-wrong-key_fail": "invalid-key",
        "message-digest-mismatch_fail": Reason.CONTENT_CHANGED,
        "rekor2-checkpoint-missing-log-signature_fail": Reason.LOG,
        "rekor2-checkpoint-missing-origin_fail": Reason.LOG,
        "rekor2-checkpoint-missing-root-hash_fail": Reason.LOG,
        "rekor2-checkpoint-missing-size_fail": Reason.LOG,
        "rekor2-checkpoint-no-matching-signature_fail": Reason.LOG,
        "rekor2-dsse-invalid-sig_fail": Reason.BAD_SIGNATURE,
        "rekor2-dsse-mismatch-envelope_fail": Reason.LOG,
        "rekor2-dsse-mismatch-sig_fail": Reason.LOG,
        "rekor2-no-inclusion-proof_fail": Reason.MALFORMED,
        "rekor2-no-timestamp_fail": Reason.NO_TIME,
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail": Reason.TIMESTAMP,
        "rekor2-timestamp-outside-tsa-cert-validity_fail": Reason.TIMESTAMP,
        "rekor2-timestamp-payload-mismatch_fail": Reason.TIMESTAMP,
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": Reason.TIMESTAMP,
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": Reason.TIMESTAMP,
        "rekor2-timestamp-with-incorrect-time_fail": Reason.EXPIRED,
        "set-invalid-signature_fail": Reason.LOG,
        "signature-mismatch_fail": Reason.BAD_SIGNATURE,
        "trust-root-tlog-missing-validity-start_fail": "bad-content",
        "wrong-hashedrekord-artifact_fail": Reason.LOG,
        "wrong-hashedrekord-cert-and-sig_fail": Reason.LOG,
        "wrong-hashedrekord-entry_fail": Reason.LOG,
        "wrong-material_fail": Reason.CONTENT_CHANGED,
    }
)
"""Why a case is refused: the reason of the check, or the code of the error where the key or the root is at fault."""

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")


def content_of(case: Path, name: str, default: str) -> str:
    path = case / name
    return path.read_text("utf-8").strip() if path.exists() else default


def trust_of(case: Path) -> Trust:
    own_root, key = case / "trusted_root.json", case / "key.pub"
    raw = own_root.read_bytes() if own_root.exists() else public_trusted_root()
    root = trustedroot.parse(raw, "the trusted root")
    if key.exists():
        return Trust(keys=(load_public(key),), root=root)
    pattern = IdentityPattern(content_of(case, "identity", IDENTITY), content_of(case, "issuer", ISSUER))
    return Trust(identities=(pattern,), root=root)


def outcome(case: Path) -> str | None:
    """Why the case is refused; None if it is accepted."""
    own = case / "artifact"
    artifact = own if own.exists() else CASES / "a.txt"
    try:
        trust = trust_of(case)
    except UndercurrentError as error:
        return error.code
    check = verify_blob(artifact.read_bytes(), (case / "bundle.sigstore.json").read_bytes(), trust)
    assert check.accepted == (check.reason is None)
    return check.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_judged_as_it_should_be(name: str) -> None:
    reason = outcome(CASES / name)

    assert (reason is not None) == name.endswith("_fail")
    assert reason == REASONS.get(name)


def test_every_case_is_there() -> None:
    assert len(NAMES) >= PUBLISHED
    assert REASONS.keys() == {name for name in NAMES if name.endswith("_fail")}
