"""Ports that only root may listen on, and the ones that take their place."""

from collections.abc import Iterable
from typing import Final

__all__ = ["FIRST_FREE", "free_port"]

FIRST_FREE: Final = 1024
"""The first port that any process may listen on, unless the host says otherwise."""


def free_port(port: int, used: Iterable[int]) -> int:
    """The port above 1023 that takes the place of one below: 80 becomes 8080, 443 becomes 8443.

    Others go 8000 up; the next that is not in ``used``.
    """
    occupied = set(used)
    wanted = port + 8000 if port != 80 else 8080  # noqa: PLR2004
    while wanted in occupied:
        wanted += 1
    return wanted
