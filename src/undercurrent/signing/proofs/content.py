"""What a signature was made over, in the form that logs and timestamps are compared with."""

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from undercurrent.signing import dsse
from undercurrent.signing.algorithms import Data
from undercurrent.signing.dsse import Envelope

__all__ = ["HASHES", "SignedContent"]

HASHES: Final = MappingProxyType(
    {
        "sha256": hashlib.sha256,
        "sha384": hashlib.sha384,
        "sha512": hashlib.sha512,
        "SHA2_256": hashlib.sha256,
        "SHA2_384": hashlib.sha384,
        "SHA2_512": hashlib.sha512,
    }
)
"""Hash functions by name: logs of version 1 have the short ones, protobuf has the others."""


@dataclass(frozen=True, slots=True)
class SignedContent:
    """A signature, and what it was made over.

    Attributes:
        signature: the bytes of it.
        data: the very bytes that were signed: a message, or the pre-authentication encoding of an envelope.
        envelope: the envelope, if one was signed.
    """

    signature: bytes = field(repr=False)
    data: Data = field(repr=False)
    envelope: Envelope | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> "SignedContent":
        """An envelope's signature."""
        return cls(envelope.signature, dsse.pae(envelope.payload_type, envelope.payload), envelope)
