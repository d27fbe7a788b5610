"""Every target, on input that was spoilt at random and on input that once broke it; `python -m tests.fuzz` goes on.

The same input every time: what a change broke is told from what was found anew.
"""

import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from tests.fuzz import seeds
from tests.fuzz.mutation import MUTATIONS, mutated
from tests.fuzz.targets import TARGETS

from undercurrent.errors import UndercurrentError

EXAMPLES: Final = 500
"""Of a target with weight 100."""
LONGEST_S: Final = 10.0
"""For one input, on a machine that is busy; nearly all take a thousandth of it."""


def _timely(name: str, data: bytes) -> None:
    began = time.monotonic()
    TARGETS[name](data)
    assert time.monotonic() - began < LONGEST_S, f"{len(data)} bytes took too long"


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_our_errors_comes_out(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)  # noqa: S311 - no secret
    inputs, ways = target.seeds(), MUTATIONS[target.kind]
    for _example in range(EXAMPLES * target.weight // 100):
        place = chance.randrange(len(inputs))
        steps = [(chance.choice(ways), chance.getrandbits(32)) for _step in range(chance.randint(1, 6))]
        data = mutated(inputs[place], steps)
        try:
            _timely(name, data)
        except Exception as error:
            error.add_note(f"input: {data!r}\nwhich is seed {place} after {steps}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_input_that_is_right_is_read(name: str) -> None:
    """Without it, a target that refuses everything would look as if nothing could break it."""
    accepted = 0
    for seed in TARGETS[name].seeds():
        with suppress(UndercurrentError):
            TARGETS[name].run(seed)
            accepted += 1
    assert accepted


def _found() -> list[Path]:
    return sorted(path for path in seeds.CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", _found(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_broke_it_once_breaks_it_no_more(path: Path) -> None:
    _timely(path.parent.name, path.read_bytes())


def test_mutations_repeat() -> None:
    """A failure is reported as a seed and numbers: they must lead to the same input again."""
    for kind, mutations in MUTATIONS.items():
        for mutation in mutations:
            data = random.Random(kind).randbytes(3000)  # noqa: S311 - no secret
            assert mutated(data, [(mutation, 7)]) == mutated(data, [(mutation, 7)])
