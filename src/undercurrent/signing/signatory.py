"""Whoever signs images: makes envelopes and signatures, each with what vouches for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from undercurrent.signing import dsse
from undercurrent.signing.algorithms import Signer
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.identities import Maker
from undercurrent.signing.material import Material

__all__ = ["KeySignatory", "Sealed", "SealsOnce", "Signatory", "SignedMessage", "Timestamping"]

Timestamping: TypeAlias = Callable[[bytes], Awaitable[bytes]]
"""Has an authority confirm when a signature was there: signature to TimeStampResp (RFC 3161, DER)."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed envelope, and what vouches for its signature."""

    envelope: Envelope
    material: Material


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A signature over plain bytes, and what vouches for it."""

    signature: bytes
    material: Material


class Signatory(Protocol):
    """Whoever signs: a key, or an identity.

    Attributes:
        maker: whom the signatures will be by.
        trust: whom to believe to recognise what it made before.
        formats: that it can write.
    """

    @property
    def maker(self) -> Maker: ...  # noqa: D102 - see the attributes

    @property
    def trust(self) -> Trust: ...  # noqa: D102 - likewise

    @property
    def formats(self) -> frozenset[Format]: ...  # noqa: D102 - likewise

    async def seal(self, payload: bytes, payload_type: str) -> Sealed:
        """``payload`` in an envelope, signed.

        Raises:
            UndercurrentError: whoever has to take part did not, or said no.
        """
        ...

    async def sign(self, message: bytes) -> SignedMessage:
        """The signature over ``message``.

        Raises:
            UndercurrentError: as `seal`.
        """
        ...


class KeySignatory(Signatory):
    """Signs with a key, wherever that is.

    Args:
        signer: has the key.
        timestamp: confirms when; signatures carry no time when None.
    """

    def __init__(self, signer: Signer, timestamp: Timestamping | None = None) -> None:
        self._signer = signer
        self._timestamp = timestamp

    @property
    def maker(self) -> Maker:
        """See `Signatory`."""
        return self._signer.public

    @property
    def trust(self) -> Trust:
        """See `Signatory`."""
        return Trust((self._signer.public,))

    @property
    def formats(self) -> frozenset[Format]:
        """See `Signatory`."""
        return frozenset({Format.BUNDLE, Format.LEGACY})

    async def seal(self, payload: bytes, payload_type: str) -> Sealed:
        """See `Signatory.seal`."""
        envelope = await dsse.seal(payload, payload_type, self._signer)
        return Sealed(envelope, await self._material(envelope.signature))

    async def sign(self, message: bytes) -> SignedMessage:
        """See `Signatory.sign`."""
        signature = await self._signer.sign(message)
        return SignedMessage(signature, await self._material(signature))

    async def _material(self, signature: bytes) -> Material:
        timestamps = () if self._timestamp is None else (await self._timestamp(signature),)
        return Material(hint=self._signer.public.hint, timestamps=timestamps)


class SealsOnce(Signatory):
    """Has ``signatory`` sign each payload once, however many ask for it and whenever they do.

    Args:
        signatory: signs.
    """

    def __init__(self, signatory: Signatory) -> None:
        self._signatory = signatory
        self._sealed: dict[tuple[bytes, str], Sealed] = {}
        self._sealing = asyncio.Lock()

    @property
    def maker(self) -> Maker:
        """See `Signatory`."""
        return self._signatory.maker

    @property
    def trust(self) -> Trust:
        """See `Signatory`."""
        return self._signatory.trust

    @property
    def formats(self) -> frozenset[Format]:
        """See `Signatory`."""
        return self._signatory.formats

    async def seal(self, payload: bytes, payload_type: str) -> Sealed:
        """See `Signatory.seal`."""
        async with self._sealing:
            if (payload, payload_type) not in self._sealed:
                self._sealed[payload, payload_type] = await self._signatory.seal(payload, payload_type)
        return self._sealed[payload, payload_type]

    async def sign(self, message: bytes) -> SignedMessage:
        """See `Signatory.sign`."""
        return await self._signatory.sign(message)
