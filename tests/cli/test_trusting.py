"""The flags that say whom to believe, through the real entry point."""

import json
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.estate import SIGNED, Estate

ISSUER = "https://token.actions.githubusercontent.com"
ROOT = {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}


@pytest.fixture
def root(estate: Estate) -> Path:
    file = estate.folder / "trusted_root.json"
    file.write_text(json.dumps(ROOT))
    return file


def test_whoever_names_an_identity_does_not_get_the_keys_that_are_set(
    run_uc: UcRunner, estate: Estate, root: Path
) -> None:
    asked = ("image", "verify", SIGNED, "--layout", "images", "--trusted-root", str(root))
    by_identity = ("--certificate-identity", "me@example.com", "--certificate-oidc-issuer", ISSUER)

    assert run_uc(*asked).exit_code == 0
    assert run_uc(*asked, *by_identity).exit_code == 1
    assert run_uc(*asked, *by_identity, "--key", "cosign.pub").exit_code == 0


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--certificate-identity", "me@example.com"), "together with who vouches for it"),
        (("--certificate-oidc-issuer", ISSUER), "together with who vouches for it"),
        (("--certificate-identity-regexp", "(", "--certificate-oidc-issuer", ISSUER), "not a regular expression"),
        (
            ("--certificate-identity", "a", "--certificate-identity-regexp", "a", "--certificate-oidc-issuer", ISSUER),
            "exclude each other",
        ),
    ],
)
@pytest.mark.parametrize("command", ["verify", "tree"])
def test_half_an_identity_is_refused(
    run_uc: UcRunner, estate: Estate, root: Path, command: str, flags: tuple[str, ...], says: str
) -> None:
    result = run_uc("image", command, SIGNED, "--layout", "images", "--trusted-root", str(root), *flags)

    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize(
    ("content", "exit_code", "says"),
    [
        (None, 2, "cannot read"),
        (b"{", 1, "root.json"),
        (b'{"mediaType": "text/plain"}', 1, "root.json"),
        (b" " * (4 * 1024 * 1024 + 1), 1, "larger than"),
    ],
)
def test_what_is_no_root_of_trust_is_refused(
    run_uc: UcRunner, estate: Estate, content: bytes | None, exit_code: int, says: str
) -> None:
    if content is not None:
        (estate.folder / "root.json").write_bytes(content)

    result = run_uc("image", "verify", SIGNED, "--layout", "images", "--trusted-root", "root.json")

    assert result.exit_code == exit_code
    assert says in result.stderr
