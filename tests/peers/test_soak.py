"""A short soak: one process works on round after round of images, over a bad network, and does not grow."""

from typing import Final

from bench.soak import soak
from tests.support.peers import require_peer
from tests.support.seeds import seeded

SECONDS: Final = 25.0
IMAGES: Final = 4
MIB: Final = 1024 * 1024


def test_a_process_that_works_for_long_does_not_grow() -> None:
    """``python -m bench.soak`` does the same for as long as it is told, and prints the figures."""
    require_peer("registry")

    rounds = list(soak(SECONDS, IMAGES, seeded("UC_SOAK_SEED").randrange(1 << 32)))

    assert len(rounds) > 1
    assert {done.verified for done in rounds} == {IMAGES}, rounds
    assert {done.tasks for done in rounds} == {1}, rounds
    warm, last = rounds[0], rounds[-1]
    assert last.descriptors <= warm.descriptors, rounds
    assert last.resident - warm.resident < 8 * MIB, rounds
