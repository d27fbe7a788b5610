"""What is asked of a container to see that it serves, and what two answers have in common.

A probe is written ``http://:8080/health``, ``tcp:5432``, ``tcp:6379?send=PING%0D%0A`` or ``exec:COMMAND``; ``exit`` is
for a program that does its work and ends. Where the port is left out (``http:///health``, ``tcp:``), it is the one that
the image exposes.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from undercurrent.errors import UsageError
from undercurrent.hardening.proving.nouns import Answer, Check
from undercurrent.hardening.proving.seen import Seen, Value
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["NOTHING", "Probe", "compared", "fitted", "parse_probe"]

_MAX_PORT: Final = 65535
_EXPOSED: Final = re.compile(r"(\d{1,5})(?:/tcp)?")


@dataclass(frozen=True, slots=True)
class Probe:
    """A question.

    Attributes:
        kind: how it is asked; ``none`` only looks whether the container stays up, ``exit`` how it ends by itself.
        port: None for the one that the image exposes.
        path: of the HTTP request, with its query.
        send: bytes that are sent once the TCP connection stands; what comes back is the answer.
        command: what is run in the container.
    """

    kind: Literal["http", "tcp", "exec", "exit", "none"]
    port: int | None = None
    path: str = "/"
    send: bytes = b""
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        port = "" if self.port is None else str(self.port)
        match self.kind:
            case "http":
                return f"http://:{port}{self.path}"
            case "tcp":
                return f"tcp:{port}"
            case "exec":
                return f"exec:{shlex.join(self.command)}"
        return self.kind

    @property
    def asks(self) -> bool:
        """Whether there is an answer, and not only an end or none."""
        return self.kind in ("http", "tcp", "exec")


NOTHING: Final = Probe("none")


def parse_probe(text: str) -> Probe:
    """The probe that ``text`` writes.

    Raises:
        UsageError: it writes none.
    """
    kind, _colon, rest = text.partition(":")
    try:
        match kind:
            case "http":
                return _http(text)
            case "tcp":
                return _tcp(rest)
            case "exec" if command := tuple(shlex.split(rest)):
                return Probe("exec", command=command)
            case "none" | "exit" if text == kind:
                return Probe(kind)
    except ValueError:
        pass
    raise UsageError(
        _("{text!r} is no probe").format(text=text[:200]),
        hint=_("write http://:8080/path, tcp:5432, tcp:6379?send=PING%0D%0A, exec:COMMAND, exit, or none"),
    )


def _http(text: str) -> Probe:
    parts = urlsplit(text)
    if parts.hostname not in (None, "", "localhost", "127.0.0.1") or parts.fragment or not text.isprintable():
        raise ValueError(text)
    path = parts.path or "/"
    if not path.startswith("/") or " " in text or not text.isascii():
        raise ValueError(text)
    return Probe("http", _checked(parts.port), path + (f"?{parts.query}" if parts.query else ""))


def _tcp(rest: str) -> Probe:
    port, _mark, query = rest.removeprefix("//:").partition("?")
    unknown = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query)).keys() - {"send"}
    if unknown or (port and not port.isdecimal()):
        raise ValueError(rest)
    return Probe("tcp", _checked(int(port)) if port else None, send=unquote_to_bytes(query.removeprefix("send=")))


def _checked(port: int | None) -> int | None:
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ValueError(port)
    return port


def fitted(probe: Probe | None, ports: Sequence[str]) -> Probe:
    """The probe with its port, for an image that exposes ``ports``.

    Args:
        probe: None for whatever can be asked: a connection to the first port that is exposed, else nothing.
        ports: as in an image's configuration: ``8080/tcp``, ``53/udp``.

    Raises:
        UsageError: the probe lacks a port, and the image does not expose exactly one.
    """
    exposed = sorted(int(found[1]) for port in ports if (found := _EXPOSED.fullmatch(port)))
    if probe is None:
        return Probe("tcp", exposed[0]) if exposed else NOTHING
    if probe.kind not in ("http", "tcp") or probe.port is not None:
        return probe
    if len(exposed) != 1:
        raise UsageError(
            _("the probe {probe} names no port, and the image exposes {count}").format(probe=probe, count=len(exposed)),
            hint=_("name one: http://:8080/path"),
        )
    return replace(probe, port=exposed[0])


def compared(before: Answer | None, after: Answer, probe: Probe) -> Check:
    """Whether the container answers as it did before.

    All parts that both answers have are compared; those that change from one request to the next (a body with the time
    in it) are left out when the answer before was not steady.
    """
    if not after.ok:
        return Check("probe", ok=False, seen=_answered(probe, after.error or after.seen))
    if before is None or not before.ok:
        broken = after.parts.get("status", "").startswith("5")
        return Check("probe", ok=not broken, seen=_answered(probe, after.seen))
    names = [name for name in before.parts if name not in _VOLATILE or (before.steady and after.steady)]
    differing = [name for name in names if before.parts[name] != after.parts.get(name)]
    if differing:
        changes = [
            Seen("{part}: {before} → {after}", {"part": name, "before": was, "after": after.parts.get(name, "")})
            for name, was in before.parts.items()
            if name in differing
        ]
        return Check("probe", ok=False, seen=Seen("{probe}: {changes}", {"probe": str(probe), "changes": changes}))
    told: dict[str, Value] = {"probe": str(probe), "answer": after.seen, "same": names or ["-"]}
    return Check("probe", ok=True, seen=Seen(N_("{probe}: {answer} (= before: {same})"), told))


def _answered(probe: Probe, answer: Seen) -> Seen:
    return Seen(N_("{probe}: {answer}"), {"probe": str(probe), "answer": answer})


_VOLATILE: Final = frozenset({"body", "output"})
