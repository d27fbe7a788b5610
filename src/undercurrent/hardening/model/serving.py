"""What well-known servers and programs do once they run: ports, written paths, capabilities (``data/servers.toml``)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

__all__ = ["Program", "Server", "program", "server"]

_DATA: Final = Path(__file__).parent / "data" / "servers.toml"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that needs capabilities, why, and whether a fix is known that does without."""

    capabilities: tuple[str, ...]
    why: str
    avoidable: bool


@dataclass(frozen=True, slots=True)
class Server:
    """A server or a runtime.

    Attributes:
        name: its base name.
        ports: that it listens on unless told otherwise: ``80``, ``53/udp``.
        changes_user: begun as root, it becomes another user by itself.
        state: paths that it writes to, why, and whether they must last; ``{NAME|default}`` is a variable.
        needs: beyond that.
        configuration: folders that its configuration is in.
        listens: how that says a port, the first group; None where it has no such thing.
    """

    name: str
    ports: tuple[str, ...]
    changes_user: bool
    state: tuple[tuple[str, str, bool], ...]
    needs: Program | None
    configuration: tuple[str, ...]
    listens: re.Pattern[str] | None


def server(name: str) -> Server | None:
    """What is known of the server whose base name is ``name``, a version behind it or not: ``php-fpm8.3``."""
    servers, _programs = _table()
    return servers.get(name) or servers.get(re.sub(r"-?[0-9][0-9.]*$", "", name))


def program(name: str) -> Program | None:
    """Why the program whose base name is ``name`` needs capabilities; None where it needs none that is known."""
    return _table()[1].get(name)


@lru_cache(maxsize=1)
def _table() -> tuple[Mapping[str, Server], Mapping[str, Program]]:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    servers = {name: _server(name, facts) for facts in data["server"] for name in facts["names"]}
    return servers, {name: _program(facts) for name, facts in data["program"].items()}


def _server(name: str, facts: Mapping[str, Any]) -> Server:
    state: Sequence[Sequence[Any]] = facts["state"]
    return Server(
        name,
        tuple(facts["ports"]),
        facts.get("changes_user", False),
        tuple((path, why, lasting) for path, why, lasting in state),
        _program(facts) if "capabilities" in facts else None,
        tuple(facts.get("configuration", ())),
        re.compile(facts["listens"], re.MULTILINE) if "listens" in facts else None,
    )


def _program(facts: Mapping[str, Any]) -> Program:
    return Program(tuple(f"CAP_{name}" for name in facts["capabilities"]), facts["why"], facts["avoidable"])
