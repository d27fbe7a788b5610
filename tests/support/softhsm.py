"""Tokens in software: SoftHSM, with keys that OpenSC's pkcs11-tool makes in it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.peers import require_peer, skip_or_fail

__all__ = ["PIN", "TYPES", "SoftHsm", "softhsm"]

PIN: Final = "739215"
TYPES: Final = {
    "ecdsa-p256": "EC:prime256v1",
    "ecdsa-p384": "EC:secp384r1",
    "ecdsa-p521": "EC:secp521r1",
    "ed25519": "EC:edwards25519",
    "rsa": "rsa:3072",
}
"""Kinds of keys, and what pkcs11-tool calls them."""

_MODULES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """Tokens in a folder.

    Attributes:
        folder: theirs.
        module: the PKCS #11 library.
    """

    folder: Path
    module: Path

    @property
    def environ(self) -> Mapping[str, str]:
        """Leads the library to these tokens."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    @property
    def tokens(self) -> Path:
        """Where the library keeps them."""
        return self.folder / "tokens"

    def uri(self, token: str, key: str, more: str = "") -> str:
        """Names a key, with the library; ``more`` is appended to the query."""
        return f"pkcs11:token={token};object={key}?module-path={self.module}{more}"

    def add_token(self, label: str) -> None:
        """Makes a token with `PIN`."""
        self._run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "87654321")

    def add_key(self, token: str, label: str, number: str, kind: str = "ecdsa-p256", *options: str) -> None:
        """Makes a key pair.

        Args:
            token: in which token.
            label: of the keys.
            number: their id, hexadecimal.
            kind: one of `TYPES`.
            options: more of pkcs11-tool.
        """
        key = ("--keypairgen", "--key-type", TYPES[kind], "--label", label, "--id", number, *options)
        self.tool(token, *key)

    def tool(self, token: str, *arguments: str) -> None:
        """Runs pkcs11-tool, logged in to a token."""
        self._run(
            "pkcs11-tool", "--module", str(self.module), "--token-label", token, "--login", "--pin", PIN, *arguments
        )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [require_peer(program), *arguments], env={**os.environ, **self.environ}, capture_output=True, check=True
        )


def softhsm(folder: Path) -> SoftHsm:
    """SoftHSM without a token.

    Args:
        folder: an empty one of its own.
    """
    require_peer("softhsm2-util")
    require_peer("pkcs11-tool")
    module = next((path for path in map(Path, _MODULES) if path.is_file()), None)
    if module is None:
        skip_or_fail("libsofthsm2.so is not installed; install it with: make peers")
    made = SoftHsm(folder, module)
    made.tokens.mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {made.tokens}\nlog.level = ERROR\n")
    return made
