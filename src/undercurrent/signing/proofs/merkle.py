"""Merkle trees of logs: the root hash that an inclusion proof leads to.

Specification: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2; hashes are SHA-256.
"""

import hashlib
from collections.abc import Iterable

__all__ = ["leaf_hash", "root_hash"]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root_hash(leaf: bytes, index: int, size: int, hashes: Iterable[bytes]) -> bytes | None:
    """The root hash of the tree that has a leaf in one place; None if the proof is not one for that place.

    Args:
        leaf: the leaf's hash.
        index: its place, from 0.
        size: leaves in the tree.
        hashes: of the neighbouring subtrees, from the leaf up.
    """
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for neighbour in hashes:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = _parent(neighbour, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _parent(found, neighbour)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
