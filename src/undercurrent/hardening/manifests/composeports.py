"""Port mappings of compose files, in their short and long forms; and how one is moved to another container port."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from undercurrent.hardening.numbers import as_number
from undercurrent.yamltext import Key

__all__ = ["PortMapping", "port_mappings"]

_SHORT: Final = re.compile(
    r"(?:(?:(?P<host>\[[^]]*\]|[0-9.]+|[A-Za-z][\w.-]*):)?(?P<published>[0-9]+(?:-[0-9]+)?)?:)?"
    r"(?P<target>[0-9]+)(?:-(?P<last>[0-9]+))?(?:/(?P<protocol>[a-z]+))?"
)
_LOOPBACK: Final = ("127.", "::1", "[::1]", "localhost")


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port of a container that the host, or others, reach it by.

    Attributes:
        target: in the container.
        published: on the host, as it is written; empty for whichever is free.
        host: the address on the host; empty for all.
        protocol: ``tcp`` or ``udp``.
        last: the last one of a range of container ports.
        key: where, below the service.
        long: it is a mapping of ``target``, ``published`` and so on.
    """

    target: int
    published: str = ""
    host: str = ""
    protocol: str = "tcp"
    last: int = 0
    key: Key = ()
    long: bool = False

    @property
    def exposed(self) -> bool:
        """Other machines reach it."""
        return not self.host.startswith(_LOOPBACK)

    def moved(self, target: int) -> str | int:
        """What to write in its place for the same host port and another container port; of the long form, the target.

        One that names no host port keeps none.
        """
        if self.long:
            return target
        before = f"{self.host}:{self.published}:" if self.host else f"{self.published}:" if self.published else ""
        protocol = f"/{self.protocol}" if self.protocol != "tcp" else ""
        return f"{before}{target}{protocol}"

    def value_key(self) -> Key:
        """Where that belongs, below the service."""
        return (*self.key, "target") if self.long else self.key


def port_mappings(said: Any) -> tuple[PortMapping, ...]:
    """Those of a service's ``ports``; what cannot be read (a variable without a value) is left out."""
    found = (_mapping(item, ("ports", number)) for number, item in enumerate(said if isinstance(said, list) else ()))
    return tuple(mapping for mapping in found if mapping is not None)


def _mapping(item: Any, key: Key) -> PortMapping | None:
    if isinstance(item, dict):
        target = as_number(str(item.get("target")))
        if target is None:
            return None
        published, host = item.get("published"), item.get("host_ip")
        return PortMapping(
            target,
            "" if published is None else str(published),
            "" if host is None else str(host),
            str(item.get("protocol") or "tcp"),
            key=key,
            long=True,
        )
    if isinstance(item, float):  # 80.5 is no port
        return None
    match = _SHORT.fullmatch(str(item))
    target = as_number(match["target"]) if match else None
    if match is None or target is None:
        return None
    mapping = PortMapping(target, match["published"] or "", match["host"] or "", match["protocol"] or "tcp", key=key)
    return replace(mapping, last=as_number(match["last"]) or 0)
