"""Ports that only root may listen on, and the ones that take their place."""

from collections.abc import Iterable
from typing import Final

__all__ = ["FIRST_FREE", "free_port", "free_ports"]

_UP: Final = 8000

FIRST_FREE: Final = 1024
"""The first port that any process may listen on, unless the host says otherwise."""


def free_port(port: int, used: Iterable[int]) -> int:
    """The port above 1023 that takes the place of one below: 8000 up, or the next that is not in ``used``.

    So 80 becomes 8080 and 443 becomes 8443, as is custom.
    """
    occupied = set(used)
    wanted = port + _UP
    while wanted in occupied:
        wanted += 1
    return wanted


def free_ports(ports: Iterable[int], used: Iterable[int]) -> dict[int, int]:
    """Where each of ``ports`` goes, beside those that are ``used``, so that no two meet."""
    occupied = set(used)
    found: dict[int, int] = {}
    for port in dict.fromkeys(ports):
        found[port] = free_port(port, occupied)
        occupied.add(found[port])
    return found
