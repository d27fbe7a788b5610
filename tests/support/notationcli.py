"""The real notation, with a configuration of its own, which uc reads, too."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.notation import Certified, write_store
from tests.support.peers import require_peer

from undercurrent.signing.notation.trust import NotationTrust, load

__all__ = ["Notation", "NotationRefusedError"]


class NotationRefusedError(Exception):
    """What notation wrote when it said no."""


@dataclass(frozen=True, slots=True)
class Notation:
    """notation in a home of its own.

    Attributes:
        home: its folder; empty at first.
    """

    home: Path

    @property
    def folder(self) -> Path:
        """Its configuration."""
        return self.home / "notation"

    def holds(self, **signers: Certified) -> None:
        """Gives it keys, by names."""
        keys = []
        for name, signer in signers.items():
            key, certificate = self.home / f"{name}.key", self.home / f"{name}.crt"
            key.write_bytes(signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            certificate.write_bytes(b"".join(item.public_bytes(Encoding.PEM) for item in signer.chain))
            keys.append({"name": name, "keyPath": str(key), "certPath": str(certificate)})
        self.folder.mkdir(exist_ok=True)
        (self.folder / "signingkeys.json").write_text(json.dumps({"keys": keys}))

    def trusts(
        self, stores: Mapping[str, Sequence[Certified]], *policies: Mapping[str, Any], revoked: Sequence[Path] = ()
    ) -> NotationTrust:
        """Gives it a trust store and a trust policy, and returns what uc reads of them."""
        store, policy = self.folder / "truststore", self.folder / "trustpolicy.json"
        write_store(store, stores)
        policy.write_text(json.dumps({"version": "1.0", "trustPolicies": list(policies)}))
        return load(store, policy, revoked)

    def run(self, *arguments: str | Path) -> str:
        """Runs notation; returns what it prints.

        Raises:
            NotationRefusedError: it ends with an error.
        """
        folders = {"HOME": self.home, "XDG_CONFIG_HOME": self.home, "XDG_CACHE_HOME": self.home / "cache"}
        done = subprocess.run(
            [require_peer("notation"), *arguments],
            env={**os.environ, **{name: str(folder) for name, folder in folders.items()}},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise NotationRefusedError(done.stderr)
        return done.stdout

    def sign(self, image: str, key: str, envelope: str, *options: str | Path) -> None:
        """Signs ``image``, a reference with digest; ``envelope`` is ``jws`` or ``cose``."""
        self.run("sign", "--key", key, "--signature-format", envelope, "--insecure-registry", *options, image)

    def accepts(self, image: str, *options: str) -> bool:
        """Whether it verifies ``image``."""
        try:
            self.run("verify", "--insecure-registry", *options, image)
        except NotationRefusedError:
            return False
        return True
