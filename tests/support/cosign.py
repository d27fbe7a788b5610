"""The real cosign: with a key and without any of sigstore's services, or as an identity of a sigstore of ours."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tests.support.peers import require_peer
from tests.support.sigstore_stack import Sigstore

from undercurrent.signing.identities import Identity

__all__ = ["PASSWORD", "Cosign", "CosignRefusedError", "cosign_with_key"]

PASSWORD: Final = "correct horse"
_NO_LOG: Final = ("--use-signing-config=false", "--tlog-upload=false", "--yes")


class CosignRefusedError(Exception):
    """What cosign wrote when it said no."""


@dataclass(frozen=True, slots=True)
class Cosign:
    """cosign in a home of its own.

    Attributes:
        home: its folder, with the key pair ``cosign.key`` and ``cosign.pub``, protected by `PASSWORD`, if it has one.
        environ: variables that it has beside this process's.
    """

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        """The private key file."""
        return self.home / "cosign.key"

    @property
    def public_key(self) -> Path:
        """The public key file."""
        return self.home / "cosign.pub"

    def keeping_signatures_in(self, repository: str) -> "Cosign":
        """The same, with COSIGN_REPOSITORY."""
        return replace(self, environ={**self.environ, "COSIGN_REPOSITORY": repository})

    def run(self, *arguments: str | Path) -> str:
        """Runs cosign; returns what it prints.

        Raises:
            CosignRefusedError: it ends with an error.
        """
        done = subprocess.run(
            [require_peer("cosign"), *arguments],
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home), "COSIGN_PASSWORD": PASSWORD, **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise CosignRefusedError(done.stderr)
        return done.stdout

    def sign(self, image: str, *, legacy: bool, recursive: bool = False, annotations: tuple[str, ...] = ()) -> None:
        """Signs ``image``, a reference with digest; ``annotations`` are ``key=value``."""
        options = [item for annotation in annotations for item in ("-a", annotation)]
        options += ["--recursive"] * recursive
        self.run("sign", "--key", self.key, *_NO_LOG, _format(legacy=legacy), *options, image)

    def sign_as_referrer(self, image: str) -> None:
        """Signs ``image`` in the format that cosign tried between its tags and its bundles."""
        options = (*_NO_LOG, _format(legacy=True), "--registry-referrers-mode=oci-1-1")
        replace(self, environ={**self.environ, "COSIGN_EXPERIMENTAL": "1"}).run(
            "sign", "--key", self.key, *options, image
        )

    def attest(self, image: str, predicate: Path, predicate_type: str, *, legacy: bool) -> None:
        """Attests a predicate about ``image``, a reference with digest."""
        what = ("--predicate", predicate, "--type", predicate_type)
        self.run("attest", "--key", self.key, *_NO_LOG, _format(legacy=legacy), *what, image)

    def verify(
        self,
        image: str,
        *,
        legacy: bool,
        key: Path | None = None,
        annotations: tuple[str, ...] = (),
    ) -> list[dict[str, Any]]:
        """What ``cosign verify`` says of the signatures that it accepts.

        Args:
            image: a reference.
            legacy: look for signatures in the older format, not for bundles.
            key: trust this public key instead of its own.
            annotations: what they must say, as ``key=value``.

        Raises:
            CosignRefusedError: it accepts none.
        """
        options = [item for annotation in annotations for item in ("-a", annotation)]
        said = self.run("verify", *self._trust(key), _format(legacy=legacy), *options, image)
        found: list[dict[str, Any]] = json.loads(said)
        return found

    def accepts(self, image: str, *, legacy: bool) -> bool:
        """Whether ``cosign verify`` takes ``image`` for signed; it looks in the older format last, or only there."""
        try:
            self.run("verify", *self._trust(None), _format(legacy=legacy), image)
        except CosignRefusedError:
            return False
        return True

    def verify_attestation(
        self, image: str, predicate_type: str, *, legacy: bool, key: Path | None = None
    ) -> list[dict[str, Any]]:
        """The DSSE envelopes that ``cosign verify-attestation`` accepts.

        Raises:
            CosignRefusedError: it accepts none.
        """
        said = self.run(
            *("verify-attestation", *self._trust(key), _format(legacy=legacy), "--type", predicate_type, image)
        )
        return [json.loads(line) for line in said.splitlines()]

    def sign_as(self, image: str, token: str, sigstore: Sigstore) -> None:
        """Signs ``image``, a reference with digest, as whom ``token`` names."""
        self.run("sign", "--yes", *_instance(sigstore), "--identity-token", token, image)

    def attest_as(self, image: str, predicate: Path, predicate_type: str, token: str, sigstore: Sigstore) -> None:
        """Attests a predicate about ``image``, a reference with digest, as whom ``token`` names."""
        what = ("--predicate", predicate, "--type", predicate_type)
        self.run("attest", "--yes", *_instance(sigstore), "--identity-token", token, *what, image)

    def verify_as(self, image: str, identity: Identity, sigstore: Sigstore) -> list[dict[str, Any]]:
        """What ``cosign verify`` says of the signatures by ``identity``.

        Raises:
            CosignRefusedError: it accepts none.
        """
        found: list[dict[str, Any]] = json.loads(self.run("verify", *_by(identity, sigstore), image))
        return found

    def verify_attestation_as(
        self, image: str, predicate_type: str, identity: Identity, sigstore: Sigstore
    ) -> list[dict[str, Any]]:
        """The DSSE envelopes by ``identity`` that ``cosign verify-attestation`` accepts.

        Raises:
            CosignRefusedError: it accepts none.
        """
        said = self.run("verify-attestation", *_by(identity, sigstore), "--type", predicate_type, image)
        return [json.loads(line) for line in said.splitlines()]

    def _trust(self, key: Path | None) -> tuple[str | Path, ...]:
        return "--key", key or self.public_key, "--insecure-ignore-tlog=true"


def cosign_with_key(home: Path) -> Cosign:
    """cosign with a fresh key pair in ``home``, an empty folder."""
    cosign = Cosign(home)
    cosign.run("generate-key-pair")
    return cosign


def _instance(sigstore: Sigstore) -> tuple[str | Path, ...]:
    return "--signing-config", sigstore.signing_config, "--trusted-root", sigstore.trusted_root


def _by(identity: Identity, sigstore: Sigstore) -> tuple[str | Path, ...]:
    whom = ("--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer)
    return *whom, "--trusted-root", sigstore.trusted_root


def _format(*, legacy: bool) -> str:
    return f"--new-bundle-format={'false' if legacy else 'true'}"
