"""``uc image verify`` and ``uc image tree`` with a trust store and a trust policy of notation."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.cli import UcRunner
from tests.support.estate import SIGNED, UNSIGNED, Estate
from tests.support.notation import NOW, Certified, certify, jws, policy, push_notation, revoke, target, write_store

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image

TRUST = ("--notation-trust-store", "truststore", "--notation-trust-policy", "trustpolicy.json")
VERIFY = ("image", "verify", UNSIGNED, "--layout", "images")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify("C=US,ST=WA,O=acme,CN=root", authority=True)


@pytest.fixture(scope="module")
def release(root: Certified) -> Certified:
    return certify("C=US,ST=WA,O=acme,CN=release", root)


@pytest.fixture
def sign(estate: Estate, root: Certified, release: Certified) -> None:
    """The image that nobody signed is signed with notation, lets its signature expire, and there is a policy."""
    write_store(estate.folder / "truststore", {"ca:acme": [root]})
    configure(estate.folder, policy())
    attach(estate, release, signed=NOW - 2 * DAY, expires=NOW + DAY)


def configure(folder: Path, *statements: Mapping[str, Any]) -> None:
    document = {"version": "1.0", "trustPolicies": list(statements)}
    (folder / "trustpolicy.json").write_text(json.dumps(document))


def attach(estate: Estate, signer: Certified, **settings: Any) -> None:
    async def push() -> None:
        store = Layout.open(estate.images)
        image = Image(store, UNSIGNED, await store.resolve(UNSIGNED))
        await push_notation(image, jws(target(image), signer, **settings))

    asyncio.run(push())


def test_an_image_that_notation_signed_is_verified(run_uc: UcRunner, sign: None) -> None:
    result = run_uc(*VERIFY, *TRUST)

    assert result.exit_code == 0
    assert "✓ verified" in result.stdout
    assert "CN=release,O=acme,ST=WA,C=US" in result.stdout.replace("\n", "")
    (image,) = run_uc(*VERIFY, *TRUST, "--json").json["data"]["images"]
    assert image["formats"] == ["notation"]
    assert image["identities"] == [{"identity": "CN=release,O=acme,ST=WA,C=US", "issuer": "notation:ca:acme"}]


def test_flags_say_whom_to_believe_and_settings_do_where_there_are_none(run_uc: UcRunner, sign: None) -> None:
    both = ("image", "verify", SIGNED, UNSIGNED, "--layout", "images", "--json")
    settings = {
        "UNDERCURRENT_SIGNING_NOTATION_TRUST_STORE": "truststore",
        "UNDERCURRENT_SIGNING_NOTATION_TRUST_POLICY": "trustpolicy.json",
    }

    def verdicts(*flags: str, env: Mapping[str, str] | None = None) -> list[str]:
        return [image["verdict"] for image in run_uc(*both, *flags, env=env).json["data"]["images"]]

    assert verdicts(env=settings) == ["verified", "verified"]
    assert verdicts(*TRUST) == ["untrusted", "verified"]
    assert verdicts("--key", "cosign.pub", env=settings) == ["verified", "untrusted"]
    assert verdicts(*TRUST, "--key", "cosign.pub") == ["verified", "verified"]


def test_what_a_policy_only_logs_is_said(run_uc: UcRunner, estate: Estate, sign: None, root: Certified) -> None:
    late = certify("C=US,ST=WA,O=acme,CN=late", root, valid=(NOW - 9 * DAY, NOW - DAY))
    attach(estate, late, signed=NOW - 5 * DAY)
    configure(estate.folder, policy(level="permissive", identities=["x509.subject: C=US,ST=WA,O=acme,CN=late"]))

    result = run_uc(*VERIFY, *TRUST)

    assert result.exit_code == 0
    assert "! the certificate of CN=late" in result.stdout
    (image,) = run_uc(*VERIFY, *TRUST, "--json").json["data"]["images"]
    assert [bool(check["notes"]) for check in image["checks"] if check["accepted"]] == [True]


def test_revocation_is_asked_of_files(
    run_uc: UcRunner, estate: Estate, sign: None, root: Certified, release: Certified
) -> None:
    (estate.folder / "none.crl").write_bytes(revoke(root))
    (estate.folder / "release.crl").write_bytes(revoke(root, release))
    (estate.folder / "old.crl").write_bytes(revoke(root, valid=(NOW - 9 * DAY, NOW - DAY)))

    def verdict(file: str) -> tuple[int, str]:
        result = run_uc(*VERIFY, *TRUST, "--notation-crl", file, "--json")
        (image,) = result.json["data"]["images"]
        return result.exit_code, image["verdict"]

    assert verdict("none.crl") == (0, "verified")
    assert verdict("release.crl") == (1, "untrusted")
    assert verdict("old.crl") == (4, "could-not-check")


@pytest.mark.parametrize(
    ("command", "flags", "message"),
    [
        ("verify", TRUST[:2], "with a trust store and a trust policy"),
        ("tree", TRUST[2:], "with a trust store and a trust policy"),
        ("tree", ("--notation-crl", "x"), "with a trust store and a trust policy"),
        ("verify", (*TRUST[:3], "missing.json"), "missing.json cannot be read"),
        ("verify", ("--notation-trust-store", "images", *TRUST[2:]), "trust store ca:acme is no folder"),
        ("verify", (*TRUST, "--notation-crl", "cosign.pub"), "cosign.pub holds no list of revoked certificates"),
    ],
)
def test_half_a_configuration_is_a_mistake(
    run_uc: UcRunner, sign: None, command: str, flags: Sequence[str], message: str
) -> None:
    result = run_uc("image", command, UNSIGNED, "--layout", "images", *flags)

    assert result.exit_code == 2
    assert "error[invalid-config]" in result.stderr
    assert message in result.stderr


def test_a_tree_says_by_whom(run_uc: UcRunner, sign: None) -> None:
    tree = ("image", "tree", UNSIGNED, "--layout", "images")

    assert "✓ signature (notation) by CN=release,O=acme,ST=WA,C=US" in run_uc(*tree, *TRUST).stdout
    assert "by CN=release,O=acme,ST=WA,C=US, by a certificate" not in run_uc(*tree).stdout
    assert "signature (notation)" in run_uc(*tree).stdout
