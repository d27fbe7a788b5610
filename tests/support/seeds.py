"""Randomness that can be had again."""

import os
import random

__all__ = ["seeded"]


def seeded(variable: str) -> random.Random:
    """A generator with the seed that the environment variable ``variable`` names, or with another one each time.

    What it is, is printed: pytest shows it if the test fails.
    """
    seed = int(os.environ.get(variable) or random.randrange(1 << 32))  # noqa: S311 - no secrets
    print(f"{variable}={seed}")  # noqa: T201 - see above
    return random.Random(seed)  # noqa: S311
