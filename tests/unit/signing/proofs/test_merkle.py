"""Inclusion proofs, against trees that are built the slow way: RFC 9162, section 2.1.1."""

import hashlib
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from undercurrent.signing.proofs.merkle import leaf_hash, root_hash


def root_of(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    split = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(entries[:split]) + root_of(entries[split:])).digest()


def proof_of(index: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    split = 1 << (len(entries) - 1).bit_length() - 1
    if index < split:
        return [*proof_of(index, entries[:split]), root_of(entries[split:])]
    return [*proof_of(index - split, entries[split:]), root_of(entries[:split])]


def test_every_place_in_small_trees_has_one_proof() -> None:
    for size in range(1, 18):
        entries = [bytes([number]) for number in range(size)]
        root = root_of(entries)
        for index, claimed in product(range(size), repeat=2):
            found = root_hash(leaf_hash(entries[index]), claimed, size, proof_of(index, entries))
            assert (found == root) == (index == claimed)


@given(st.integers(1, 40), st.data())
def test_no_other_proof_leads_to_the_root(size: int, data: st.DataObject) -> None:
    entries = [bytes([number]) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof, leaf, root = proof_of(index, entries), leaf_hash(entries[index]), root_of(entries)

    for wrong in (proof[:-1], proof[1:], [*proof, bytes(32)], [bytes(32), *proof], proof[::-1]):
        assert wrong == proof or root_hash(leaf, index, size, wrong) != root
    assert root_hash(leaf_hash(b"another"), index, size, proof) != root


def test_a_place_outside_the_tree_has_no_proof() -> None:
    assert root_hash(bytes(32), 1, 1, []) is None
    assert root_hash(bytes(32), -1, 1, []) is None
    assert root_hash(bytes(32), 0, 0, []) is None
    assert root_hash(bytes(32), 2**62, 2**63 - 1, [bytes(32)] * 5) is None
