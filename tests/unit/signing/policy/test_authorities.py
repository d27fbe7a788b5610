"""Authorities that are identities, by what may stand in a certificate; and whoever notation's trust policy trusts."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.notation import certify, jws, policy, push_notation, target, trusting
from tests.support.signatures import push_referrer
from tests.support.sigstoreinstance import ISSUER, Instance, sign

from undercurrent.errors import ConfigError
from undercurrent.oci.image import Image
from undercurrent.signing import bundle, dsse, statement
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.identities import Identity
from undercurrent.signing.policy.deciding import decide
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.verify import Verdict

INSTANCE = Instance()
RELEASE = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0"
POLICY = """
version = 1
[[authority]]
name = "ci"
{identities}
trusted_root = "root.json"
[[rule]]
name = "all"
images = ["**"]
signed_by = ["ci"]
"""


def policy_of(folder: Path, identities: str) -> Policy:
    (folder / "root.json").write_text(json.dumps(INSTANCE.to_json()))
    (folder / "policy.toml").write_text(POLICY.format(identities=f"identities = [{identities}]"))
    return read_policy(folder / "policy.toml").policy()


async def sign_as(image: Image, subject: str) -> None:
    """Signs ``image`` with a certificate for the URI ``subject``."""
    leaf = INSTANCE.leaf(name=x509.UniformResourceIdentifier(subject))
    payload = statement.build_signature(image.digest, {})
    envelope = Envelope(payload, dsse.IN_TOTO, sign(leaf.key, dsse.pae(dsse.IN_TOTO, payload)))
    await push_referrer(image, bundle.dump(envelope, INSTANCE.material(leaf, SignedContent.of(envelope))))


async def decided(image: Image, policy: Policy) -> Decision:
    return await decide(image, policy, now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("identity", "accepted"),
    [
        (f'subject = "{RELEASE}"', True),
        ('subject = "https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*"', True),
        ('subject = "https://github.com/acme/**"', True),
        # A star stays between two slashes, and nothing may come before or after the pattern.
        ('subject = "https://github.com/acme/*"', False),
        ('subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.?"', True),
        ('subject = "github.com/acme/**"', False),
        ("subject_regexp = 'https://github\\.com/acme/.*@refs/tags/v[0-9.]+'", True),
        ("subject_regexp = 'https://github\\.com/acme/'", False),
        ("subject_regexp = 'x|https://.*'", True),
        ("subject_regexp = 'x|https://'", False),
    ],
)
async def test_subjects_are_meant_whole(tmp_path: Path, image: Image, identity: str, accepted: bool) -> None:
    await sign_as(image, RELEASE)

    decision = await decided(image, policy_of(tmp_path, f'{{ {identity}, issuer = "{ISSUER}" }}'))
    elsewhere = await decided(image, policy_of(tmp_path, f'{{ {identity}, issuer = "https://other.example" }}'))

    assert decision.verdict is (Verdict.VERIFIED if accepted else Verdict.UNTRUSTED)
    assert decision.makers == ((Identity(RELEASE, ISSUER),) if accepted else ())
    assert elsewhere.verdict is Verdict.UNTRUSTED


async def test_a_name_that_only_contains_the_right_one_is_not_it(tmp_path: Path, image: Image) -> None:
    await sign_as(image, f"https://evil.example/?{RELEASE}")
    pattern = "https://github\\\\.com/acme/.*"

    for identity in (f'subject_regexp = "{pattern}"', 'subject = "https://github.com/acme/**"'):
        decision = await decided(image, policy_of(tmp_path, f'{{ {identity}, issuer = "{ISSUER}" }}'))

        assert (decision.verdict, decision.reason) == (Verdict.UNTRUSTED, "identity-not-trusted")


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ('issuer = "i"', "it needs either subject or subject_regexp"),
        ('subject = "a", subject_regexp = "a", issuer = "i"', "it needs either subject or subject_regexp"),
        ('subject_regexp = "(", issuer = "i"', "is not a regular expression"),
        ('subject = "a***", issuer = "i"', "three stars"),
        ('subject = "a"', "issuer is missing"),
    ],
)
def test_identities_that_cannot_be_meant_are_refused(tmp_path: Path, identity: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"identities\[1\]") as raised:
        policy_of(tmp_path, f"{{ {identity} }}")

    assert message in raised.value.message


def test_somebody_has_to_vouch_for_identities(tmp_path: Path) -> None:
    identity = f'{{ subject = "me@example.org", issuer = "{ISSUER}" }}'
    text = POLICY.format(identities=f"identities = [{identity}]").replace('trusted_root = "root.json"\n', "")
    (tmp_path / "policy.toml").write_text(text)
    file = read_policy(tmp_path / "policy.toml")
    root = trustedroot.parse(json.dumps(INSTANCE.to_json()).encode(), "it")

    assert file.wants_root
    assert file.policy(root).authorities["ci"].trust.root is root
    with pytest.raises(ConfigError, match="nobody vouches for their certificates"):
        file.policy()


@pytest.mark.parametrize(("scope", "verdict"), [("*", Verdict.VERIFIED), ("other.example/app", Verdict.UNTRUSTED)])
async def test_whoever_notation_trusts_may_be_an_authority(
    tmp_path: Path, image: Image, scope: str, verdict: Verdict
) -> None:
    root = certify("C=US,ST=WA,O=acme,CN=root", authority=True)
    release = certify("C=US,ST=WA,O=acme,CN=release", root)
    trusting(tmp_path / "notation", {"ca:acme": [root]}, policy(scopes=[scope]))
    await push_notation(image, jws(target(image), release))
    paths = 'trust_store = "notation/truststore", trust_policy = "notation/trustpolicy.json"'
    text = POLICY.format(identities=f"notation = {{ {paths} }}").replace('trusted_root = "root.json"\n', "")
    (tmp_path / "policy.toml").write_text(text)

    decision = await decided(image, read_policy(tmp_path / "policy.toml").policy())

    assert decision.verdict is verdict


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('trusted_root = "none.json"', "cannot read"),
        ('trusted_root = "policy.toml"', "not valid JSON"),
        ('trusted_root = "root.json"\nnotation = { trust_store = "ts", trust_policy = "none.json" }', "none.json"),
    ],
)
def test_files_that_a_policy_names_have_to_be_what_they_should(tmp_path: Path, more: str, message: str) -> None:
    (tmp_path / "root.json").write_text(json.dumps(INSTANCE.to_json()))
    identity = f'{{ subject = "me@example.org", issuer = "{ISSUER}" }}'
    text = POLICY.format(identities=f"identities = [{identity}]").replace('trusted_root = "root.json"', more)
    (tmp_path / "policy.toml").write_text(text)

    with pytest.raises(ConfigError) as raised:
        read_policy(tmp_path / "policy.toml").policy()

    assert message in raised.value.message
    assert "policy.toml, line" in raised.value.message
