"""Whom a signature is by, and whom to believe."""

import pytest

from undercurrent.errors import UsageError
from undercurrent.signing.identities import Identity, IdentityPattern, described, named
from undercurrent.signing.keys import PrivateKey

ISSUER = "https://token.actions.githubusercontent.com"
RELEASE = Identity("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1", ISSUER)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (IdentityPattern(RELEASE.subject, ISSUER), True),
        (IdentityPattern(RELEASE.subject, "https://accounts.google.com"), False),
        (IdentityPattern(RELEASE.subject[:-1], ISSUER), False),
        (IdentityPattern(RELEASE.subject.upper(), ISSUER), False),
        (IdentityPattern("^https://github.com/acme/.*@refs/tags/v[0-9]+$", ISSUER, subject_is_pattern=True), True),
        (IdentityPattern("acme/app", ISSUER, subject_is_pattern=True), True),
        (IdentityPattern("^acme/app", ISSUER, subject_is_pattern=True), False),
        (IdentityPattern("https://github.com/acme/.*", ISSUER), False),
        (IdentityPattern(RELEASE.subject, r"githubusercontent\.com$", issuer_is_pattern=True), True),
    ],
)
def test_both_the_subject_and_its_issuer_have_to_match(pattern: IdentityPattern, matches: bool) -> None:
    assert pattern.matches(RELEASE) is matches


def test_no_line_feed_passes_for_the_end_of_an_identity() -> None:
    pattern = IdentityPattern("^me@example.com$", "^https://issuer.example$", True, True)

    assert pattern.matches(Identity("me@example.com", "https://issuer.example"))
    assert not pattern.matches(Identity("me@example.com\n", "https://issuer.example"))
    assert not pattern.matches(Identity("me@example.com", "https://issuer.example\n"))


def test_no_identity_makes_an_expression_take_long() -> None:
    pattern = IdentityPattern("^(a+)+$", ISSUER, subject_is_pattern=True)

    assert not pattern.matches(Identity("a" * 10_000 + "b", ISSUER))


@pytest.mark.parametrize(
    ("subject", "issuer", "is_pattern"), [("", ISSUER, False), ("me@example.com", "", False), ("(", ISSUER, True)]
)
def test_half_an_identity_and_half_an_expression_are_refused(subject: str, issuer: str, is_pattern: bool) -> None:
    with pytest.raises(UsageError):
        IdentityPattern(subject, issuer, is_pattern)


def test_makers_are_named_for_machines_and_for_people() -> None:
    key = PrivateKey.generate().public

    assert (described(key), named(key)) == ({"key": key.fingerprint}, key.fingerprint[:12])
    assert (described(RELEASE), named(RELEASE)) == (
        {"identity": RELEASE.subject, "issuer": ISSUER},
        RELEASE.subject,
    )
