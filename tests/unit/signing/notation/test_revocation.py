"""Who is revoked, who is not, and of whom nobody can say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID
from tests.support.notation import NOW, Certified, certify, revoke, usage

from undercurrent.errors import ConfigError, CouldNotCheck
from undercurrent.signing.checks import SignatureRefusedError
from undercurrent.signing.notation import crls
from undercurrent.signing.notation.revocation import require_unrevoked

NAME = "C=US,ST=WA,O=acme,CN={}"
DAY = timedelta(days=1)
URL = x509.UniformResourceIdentifier("http://lists.example/acme.crl")
HOLD, REMOVE = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
POINT = (x509.CRLDistributionPoints([x509.DistributionPoint([URL], None, None, None)]), False)
RESPONDER = (
    x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, URL)]),
    False,
)


def verdict(signer: Certified, *lists: bytes, signed: datetime | None = None) -> str:
    """``good``, ``revoked`` or ``unknown``."""
    parsed = [x509.load_pem_x509_crl(raw) for raw in lists]
    try:
        require_unrevoked(signer.chain, parsed, NOW, signed)
    except SignatureRefusedError as error:
        return error.reason
    except CouldNotCheck:
        return "unknown"
    return "good"


@pytest.fixture(scope="module")
def listed(root: Certified) -> Certified:
    """Whose certificate says where a list is."""
    return certify(NAME.format("listed"), root, more=[POINT])


def test_nobody_is_asked_about_who_says_nothing(release: Certified, root: Certified) -> None:
    assert verdict(release) == "good"
    assert verdict(certify(NAME.format("alone"))) == "good"


@pytest.mark.parametrize("extension", [POINT, RESPONDER])
def test_who_says_where_to_ask_needs_a_list(root: Certified, extension: tuple[x509.ExtensionType, bool]) -> None:
    signer = certify(NAME.format("signer"), root, more=[extension])

    assert verdict(signer) == "unknown"
    assert verdict(signer, revoke(root)) == "good"
    assert verdict(signer, revoke(root, signer)) == "revoked"


def test_a_list_counts_also_for_who_does_not_say_where_it_is(root: Certified) -> None:
    signer = certify(NAME.format("signer"), root)

    assert verdict(signer, revoke(root, signer)) == "revoked"
    assert verdict(signer, revoke(root, valid=(NOW - 9 * DAY, NOW - DAY))) == "unknown"


def test_every_certificate_but_the_root_may_be_revoked(
    root: Certified, middle: Certified, release: Certified, stranger: Certified
) -> None:
    assert verdict(release, revoke(root, middle)) == "revoked"
    assert verdict(release, revoke(middle, release)) == "revoked"
    assert verdict(release, revoke(middle, stranger), revoke(root, stranger)) == "good"
    assert verdict(release, revoke(root, root)) == "good"
    # One who is revoked for sure outweighs another of whom nobody can say.
    old = (NOW - 9 * DAY, NOW - DAY)
    assert verdict(release, revoke(middle, valid=old), revoke(root, middle)) == "revoked"


@pytest.mark.parametrize("valid", [(NOW - 9 * DAY, NOW - DAY), (NOW + DAY, NOW + 9 * DAY)])
def test_a_list_holds_for_a_time(root: Certified, listed: Certified, valid: tuple[datetime, datetime]) -> None:
    assert verdict(listed, revoke(root, valid=valid)) == "unknown"
    assert verdict(listed, revoke(root, valid=valid), revoke(root)) == "good"
    # Whoever is revoked for good stays so; whoever was on hold may not be any more.
    assert verdict(listed, revoke(root, listed, valid=valid)) == "revoked"


def test_only_whoever_issued_a_certificate_says_that_it_is_revoked(
    root: Certified, listed: Certified, stranger: Certified
) -> None:
    forged = revoke(root, listed, by=stranger)
    other = stranger.issuer
    assert other is not None

    assert verdict(listed, forged) == "unknown"
    assert verdict(listed, forged, revoke(root)) == "good"
    assert verdict(listed, revoke(other, listed), revoke(root)) == "good"  # of the same name, with another key
    no_lists = certify(
        NAME.format("no lists"),
        extensions=[(x509.BasicConstraints(ca=True, path_length=None), True), (usage("key_cert_sign"), True)],
    )
    signer = certify(NAME.format("signer"), no_lists, more=[POINT])
    assert verdict(signer, revoke(no_lists)) == "unknown"


def test_what_is_on_hold_may_be_released(root: Certified, listed: Certified) -> None:
    earlier, later = (NOW - 5 * DAY, NOW + DAY), (NOW - DAY, NOW + 5 * DAY)
    held = revoke(root, listed, reason=HOLD, valid=earlier)

    assert verdict(listed, held) == "revoked"
    assert verdict(listed, revoke(root, valid=later), held) == "good"
    assert verdict(listed, revoke(root, listed, reason=REMOVE, valid=later), held) == "good"
    assert verdict(listed, revoke(root, listed, reason=HOLD, valid=later), revoke(root, valid=earlier)) == "revoked"


def test_a_signature_from_before_a_key_was_lost_counts(root: Certified, listed: Certified) -> None:
    lost = revoke(root, listed, since=NOW - 3 * DAY)

    assert verdict(listed, lost, signed=NOW - 4 * DAY) == "good"
    assert verdict(listed, lost, signed=NOW - 2 * DAY) == "revoked"
    assert verdict(listed, lost) == "revoked"  # nobody trusted says when it was made
    assert verdict(listed, revoke(root, listed), signed=NOW - 4 * DAY) == "revoked"


def scope(**about: object) -> tuple[x509.ExtensionType, bool]:
    settings: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**settings, **about}), True  # type: ignore[arg-type]


ELSEWHERE = x509.UniformResourceIdentifier("http://lists.example/other.crl")


@pytest.mark.parametrize(
    ("about", "without", "with_it"),
    [
        ({"full_name": [URL]}, "good", "revoked"),
        ({"full_name": [ELSEWHERE]}, "unknown", "unknown"),
        ({"only_contains_user_certs": True}, "good", "revoked"),
        ({"only_contains_ca_certs": True}, "unknown", "unknown"),
        ({"only_contains_attribute_certs": True}, "unknown", "unknown"),
        ({"indirect_crl": True}, "unknown", "unknown"),
        ({"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})}, "unknown", "revoked"),
    ],
)
def test_a_list_is_about_what_it_says(
    root: Certified, listed: Certified, about: dict[str, object], without: str, with_it: str
) -> None:
    assert verdict(listed, revoke(root, more=[scope(**about)])) == without
    assert verdict(listed, revoke(root, listed, more=[scope(**about)])) == with_it


def test_a_list_with_something_to_understand_that_is_not_understood_is_none(root: Certified, listed: Certified) -> None:
    strange = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)

    assert verdict(listed, revoke(root, listed, more=[strange])) == "unknown"


def test_later_changes_belong_to_the_list_that_announces_them(root: Certified, listed: Certified) -> None:
    announces = (x509.FreshestCRL([x509.DistributionPoint([ELSEWHERE], None, None, None)]), False)
    base = revoke(root, more=[(x509.CRLNumber(7), False), announces])

    def changes(*revoked: Certified, since: int = 7) -> bytes:
        more: Sequence[tuple[x509.ExtensionType, bool]] = [
            (x509.CRLNumber(9), False),
            (x509.DeltaCRLIndicator(since), True),
        ]
        return revoke(root, *revoked, more=more)

    assert verdict(listed, base) == "unknown"
    assert verdict(listed, base, changes()) == "good"
    assert verdict(listed, base, changes(since=8)) == "unknown"
    assert verdict(listed, base, changes(listed)) == "revoked"
    assert verdict(listed, changes()) == "unknown"  # changes of what is not there


def test_lists_are_read_from_files_and_folders(tmp_path: Path, root: Certified, listed: Certified) -> None:
    one, other = revoke(root), revoke(root, listed)
    (tmp_path / "both.pem").write_bytes(one + other)
    (tmp_path / "one.crl").write_bytes(x509.load_pem_x509_crl(one).public_bytes(Encoding.DER))
    (tmp_path / "README").write_text("not one")

    assert len(crls.read(tmp_path / "both.pem")) == 2
    assert len(crls.read(tmp_path)) == 3
    for name in ("README", "missing.crl"):
        with pytest.raises(ConfigError) as caught:
            crls.read(tmp_path / name)
        assert name in caught.value.message
