"""Ports that only root may listen on, the ones that take their place, and what speaks of a port."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

__all__ = ["FIRST_FREE", "free_port", "free_ports", "is_configured_in", "names_port", "speaks_of"]

_UP: Final = 8000

FIRST_FREE: Final = 1024
"""The first port that any process may listen on, unless the host says otherwise."""

_NAME: Final = re.compile(
    r"(?i)(?:^|_)(?:port|ports|listen|listen_addr|addr|address|bind|urls?|http|https)(?:_|$)|PORT$"
)
_CONFIGURED: Final = ("/etc/", "/usr/local/etc/", "/usr/local/apache2/conf", "/usr/local/nginx")


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


def names_port(variable: str) -> bool:
    """Whether an environment variable is named for a port, or for an address with one."""
    return _NAME.search(variable) is not None


def is_configured_in(path: str) -> bool:
    """Whether servers have their configuration at a path of the container: what is mounted there may say a port."""
    return path.startswith(_CONFIGURED)


def speaks_of(value: Any, port: int) -> bool:
    """Whether the port is said, as a number of its own, somewhere in plain values."""
    return any(re.search(rf"(?<![\w.]){port}(?![\w.])", text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
