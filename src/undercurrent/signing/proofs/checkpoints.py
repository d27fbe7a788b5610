"""Checkpoints: signed notes in which a log confirms how large its tree is and which root hash that has.

Specification: https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md and signed-note.md. Whoever else signed a note
(witnesses, another key of the log) is passed over; the log itself must have.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.dsse import decode_base64
from undercurrent.signing.proofs.trustedroot import Log

__all__ = ["Checkpoint", "parse", "signed_by"]

_MOST_BYTES: Final = 64 * 1024
_HASH_SIZE: Final = 32
_HINT_SIZE: Final = 4
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE: Final = re.compile(r"— ([^\s+]+) (\S+)")
# Rekor 1 shards its log, and writes the number of the tree after its name.
_TREE: Final = re.compile(r" - [0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint, parsed.

    Attributes:
        name: of the log.
        size: entries in its tree.
        root: the tree's root hash.
        signed: the bytes that were signed.
        signatures: name of the signer, hint of its key, and the signature itself, of each.
    """

    name: str
    size: int
    root: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signatures: tuple[tuple[str, bytes, bytes], ...] = field(repr=False)


def parse(note: str) -> Checkpoint:
    """The checkpoint that a signed note holds.

    Raises:
        SignatureRefusedError: it is none.
    """
    text, blank, below = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(note) > _MOST_BYTES or not blank or len(lines) < 3:  # noqa: PLR2004 - origin, size and root hash
        raise _malformed()
    origin, size = lines[:2]
    tree = _TREE.search(origin)
    try:
        root = decode_base64(lines[2], _("the root hash"))
        signatures = tuple(_signature(line) for line in below.removesuffix("\n").split("\n"))
    except BadContent as error:
        raise _malformed() from error
    if not origin or not _SIZE.fullmatch(size) or len(root) != _HASH_SIZE:
        raise _malformed()
    name = origin[: tree.start()] if tree and tree.end() == len(origin) else origin
    return Checkpoint(name, int(size), root, f"{text}\n".encode(), signatures)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _SIGNATURE.fullmatch(line)
    raw = decode_base64(match[2], _("a signature")) if match else b""
    if match is None or len(raw) <= _HINT_SIZE:
        raise _malformed()
    return match[1], raw[:_HINT_SIZE], raw[_HINT_SIZE:]


def signed_by(checkpoint: Checkpoint, log: Log) -> bool:
    """Whether ``log`` signed it, under the name that the checkpoint has."""
    return log.key is not None and any(
        name == checkpoint.name and hint == log.hint and log.key.verify(signature, checkpoint.signed)
        for name, hint, signature in checkpoint.signatures
    )


def _malformed() -> SignatureRefusedError:
    return SignatureRefusedError(Reason.LOG, _("the checkpoint of its log entry is not one"))
