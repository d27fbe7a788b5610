"""Policies from text, beside the public keys of two people."""

from collections.abc import Callable
from pathlib import Path

import pytest

from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.policy.policy import Policy

MakePolicy = Callable[[str], Policy]

AUTHORITIES = """
version = 1

[[authority]]
name = "release"
keys = ["release.pub"]

[[authority]]
name = "ci"
keys = ["ci.pub"]
"""


@pytest.fixture
def policy_folder(tmp_path: Path, signer: PrivateKey, stranger: PrivateKey) -> Path:
    """A folder with ``release.pub`` (of ``signer``) and ``ci.pub`` (of ``stranger``)."""
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "release.pub").write_text(signer.public.pem)
    (folder / "ci.pub").write_text(stranger.public.pem)
    return folder


@pytest.fixture
def make_policy(policy_folder: Path) -> MakePolicy:
    """Makes a policy of its rules; the authorities are ``release`` and ``ci``."""

    def make(rules: str) -> Policy:
        path = policy_folder / "policy.toml"
        path.write_text(AUTHORITIES + rules)
        return read_policy(path).policy()

    return make
