"""What travels beside a signature: the key's name or certificates, entries of transparency logs, timestamps."""

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["InclusionProof", "LogEntry", "Material"]


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in a log: the way from its leaf to the root, and the log's signature over the root.

    Attributes:
        index: of the leaf in its tree.
        size: of the tree, in leaves.
        root: hash of the root.
        hashes: of the siblings, from the leaf up.
        checkpoint: a signed note over size and root.
    """

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...] = field(repr=False)
    checkpoint: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a transparency log, as bundles carry it.

    Attributes:
        index: in the log, over all its trees.
        log_id: names the log's key.
        kind: of the entry: ``hashedrekord``, ``dsse``, ``intoto``.
        version: of the kind.
        integrated: when the log says that it took the entry; logs of version 2 do not say.
        promise: the log's signature over the entry (signed entry timestamp); may be empty.
        proof: of inclusion; None if there is none.
        body: the entry as the log keeps it (canonicalizedBody).
    """

    index: int
    log_id: bytes
    kind: str
    version: str
    integrated: datetime | None
    promise: bytes = field(repr=False)
    proof: InclusionProof | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Material:
    """All that a signature brings along for whoever verifies it.

    Attributes:
        hint: names the public key, if a key signed: base64 of the SHA-256 of its DER.
        chain: certificates, DER, the signer's first, if a certificate vouches for the key.
        entries: of transparency logs.
        timestamps: answers of timestamp authorities (RFC 3161 TimeStampResp, DER).
    """

    hint: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def certificate(self) -> bytes:
        """The signer's certificate; empty if there is none."""
        return self.chain[0] if self.chain else b""
