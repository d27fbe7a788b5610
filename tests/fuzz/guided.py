"""One target under atheris: ``python -m tests.fuzz.guided TARGET FOLDER SECONDS LIMIT``; see `python -m tests.fuzz`."""

import importlib
import sys
from pathlib import Path
from random import Random
from typing import Any

atheris: Any = importlib.import_module("atheris")  # not among what is locked, and without types

with atheris.instrument_imports(include=["undercurrent", "tarfile", "yarl"]):
    from tests.fuzz import seeds
    from tests.fuzz.mutation import MUTATIONS
    from tests.fuzz.targets import TARGETS

_LARGEST = 256 * 1024


def main(name: str, folder: str, seconds: str, limit: str) -> None:
    """Does not return: libFuzzer ends the process, with 0 if nothing was found in time."""
    target, inputs, found = TARGETS[name], Path(folder), seeds.CORPUS / name
    for number, seed in enumerate(target.seeds()):
        (inputs / f"seed-{number}").write_bytes(seed)
    found.mkdir(parents=True, exist_ok=True)

    def spoilt(data: bytes, largest: int, number: int) -> bytes:
        chance = Random(number)  # noqa: S311 - no secret
        if chance.random() < 0.5:
            return bytes(atheris.Mutate(data, min(len(data), largest)))
        return chance.choice(MUTATIONS[target.kind])(data, chance)[:largest]

    options = [f"-max_total_time={seconds}", f"-timeout={limit}", "-rss_limit_mb=1500", f"-max_len={_LARGEST}"]
    arguments = [sys.argv[0], *options, f"-artifact_prefix={found}/", "-print_final_stats=1", "-close_fd_mask=0"]
    atheris.Setup([*arguments, folder, str(found)], target, custom_mutator=spoilt)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
