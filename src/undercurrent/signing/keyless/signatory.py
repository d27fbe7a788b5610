"""Signs as an identity: one certificate for as many signatures as it lives, each in a log and with a timestamp."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.signing import dsse
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.checks import Format, SignatureRefusedError, Trust
from undercurrent.signing.concurrently import concurrently
from undercurrent.signing.identities import Identity, IdentityPattern
from undercurrent.signing.keyless.asking import asking
from undercurrent.signing.keyless.fulcio import certificate_for
from undercurrent.signing.keyless.identitytoken import TokenSource
from undercurrent.signing.keyless.instance import Instance, Service
from undercurrent.signing.keyless.rekor import enter
from undercurrent.signing.material import LogEntry, Material
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.proofs.vouching import certified, vouched
from undercurrent.signing.signatory import Sealed, Signatory, SignedMessage
from undercurrent.signing.timestamping import timestamp

__all__ = ["MARGIN", "PATIENCE_S", "KeylessSignatory"]

MARGIN: Final = timedelta(minutes=1)
"""A certificate is renewed this long before it ends: what it signs has to be witnessed while it is valid."""
PATIENCE_S: Final = 60.0
"""Seconds that each service gets for an answer, retries and all. Rekor asks for at least 20."""


@dataclass(frozen=True, slots=True)
class _Credential:
    """A key that lives in memory only, and its certificate.

    Attributes:
        until: when it is to be renewed, by the monotonic clock.
    """

    key: PrivateKey
    certificate: x509.Certificate
    until: float = field(repr=False)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


class KeylessSignatory(Signatory):
    """Signs as whom an identity token names.

    Args:
        instance: the services that sign, and the root that verifies what they answer.
        tokens: gets a token whenever a certificate is needed.
        client: asks the services.
        margin: how long before its end a certificate is renewed.
        patience_s: seconds that each service gets for an answer.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        instance: Instance,
        tokens: TokenSource,
        client: Client,
        *,
        margin: timedelta = MARGIN,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instance = instance
        self._tokens = tokens
        self._client = client
        self._margin_s = margin.total_seconds()
        self._patience_s = patience_s
        self._clock = clock
        self._renewing = asyncio.Lock()
        self._credential: _Credential | None = None
        self._maker: Identity | None = None

    async def opened(self) -> Self:
        """This, with its first certificate: only that says by whom the signatures will be.

        Raises:
            UsageError: there is no token that is valid.
            Unauthorized: the authority does not accept it.
            BadContent: the root does not vouch for the certificate.
            CouldNotCheck: the authority could not be asked.
        """
        await self._current()
        return self

    @property
    def maker(self) -> Identity:
        """See `Signatory`. Known once it is `opened`."""
        assert self._maker is not None, "used before it was opened"  # noqa: S101
        return self._maker

    @property
    def trust(self) -> Trust:
        """See `Signatory`."""
        pattern = IdentityPattern(self.maker.subject, self.maker.issuer)
        return Trust(identities=(pattern,), root=self._instance.root)

    @property
    def formats(self) -> frozenset[Format]:
        """Bundles only: readers of cosign's older format want a promise that logs of version 2 do not give."""
        return frozenset({Format.BUNDLE})

    async def seal(self, payload: bytes, payload_type: str) -> Sealed:
        """See `Signatory.seal`.

        Raises:
            BadContent: what the services answered does not verify.
            UndercurrentError: as `opened`; also the log or a timestamp authority could not be asked.
        """
        credential = await self._current()
        envelope = await dsse.seal(payload, payload_type, credential.key)
        return Sealed(envelope, await self._vouched_for(SignedContent.of(envelope), credential))

    async def sign(self, message: bytes) -> SignedMessage:
        """See `Signatory.sign`; errors as `seal`."""
        credential = await self._current()
        signature = await credential.key.sign(message)
        return SignedMessage(signature, await self._vouched_for(SignedContent(signature, message), credential))

    async def _current(self) -> _Credential:
        """The certificate in use. One task renews it, and all others wait for that."""
        async with self._renewing:
            if self._credential is None or self._clock() >= self._credential.until:
                self._credential = await self._renewed()
            return self._credential

    async def _renewed(self) -> _Credential:
        token = await self._tokens()
        key = ec.generate_private_key(ec.SECP256R1())
        asked = self._clock()
        async with asking(_("the certificate authority"), self._patience_s):
            certificate = await certificate_for(self._client, self._instance.authority, token, key)
        identity = self._identity(certificate)
        if self._maker not in {None, identity}:
            raise BadContent(
                _("the certificate was renewed for {other} instead of {identity}").format(
                    other=identity.subject, identity=self.maker.subject
                )
            )
        self._maker = identity
        # By the difference of its own times: this machine's clock may be wrong.
        life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        return _Credential(PrivateKey(key), certificate, asked + life.total_seconds() - self._margin_s)

    def _identity(self, certificate: x509.Certificate) -> Identity:
        """Whom the certificate is made out to, if the root vouches for it."""
        try:
            return certified(certificate, self._instance.root)
        except SignatureRefusedError as error:
            raise BadContent(
                _("the certificate does not verify: {reason}").format(reason=error), hint=_other_root()
            ) from error

    async def _vouched_for(self, content: SignedContent, credential: _Credential) -> Material:
        """What shows who signed and when. The log comes last: nothing should be in it that is of no use."""
        stamps = await concurrently(self._witnessed(authority, content) for authority in self._authorities)
        entries = await concurrently(self._entered(log, content, credential) for log in self._instance.logs)
        material = Material(chain=(credential.der,), entries=entries, timestamps=stamps)
        try:
            identity = vouched(material, content, self._instance.root).identity
        except SignatureRefusedError as error:
            raise BadContent(
                _("what the services answered does not verify: {reason}").format(reason=error), hint=_other_root()
            ) from error
        assert identity == self._maker  # noqa: S101 - the certificate is the one that it was read from
        return material

    @property
    def _authorities(self) -> tuple[Service, ...]:
        return self._instance.timestamp_authorities

    async def _witnessed(self, authority: Service, content: SignedContent) -> bytes:
        async with asking(_("the timestamp authority"), self._patience_s):
            return await timestamp(self._client, authority.url, content.signature)

    async def _entered(self, log: Service, content: SignedContent, credential: _Credential) -> LogEntry:
        async with asking(_("the transparency log"), self._patience_s):
            return await enter(self._client, log, content, credential.certificate)


def _other_root() -> str:
    return _("the root of trust may be an old one, or that of another instance: see `uc trust show`")
