"""Asks a container's own loopback address: a program of its own, which enters the container's network and no more.

It is started as a separate process, because a process with threads cannot change its user namespace, and because what
has entered a container's network should do nothing else. It reads one JSON object from standard input, and writes one.
Only the standard library is used, and nothing of this package: Python starts it with ``-I -S``.
"""

import contextlib
import ctypes
import hashlib
import http.client
import json
import os
import socket
import sys
import time
from typing import Any

__all__ = ["ask", "enter", "main"]

_MOST = 8 * 1024 * 1024
"""Bytes of a body that are read."""
_SERVER_ERROR = 500
_FAULT_SHARE = 0.25
"""Of the time to wait, what a server gets that answers with an error: a proxy without its backend stays that way."""


def enter(pid: int) -> None:
    """Enters the network of process ``pid``; first its user namespace, if that is another one."""
    libc = ctypes.CDLL(None, use_errno=True)
    kinds = ["net"]
    if os.stat(f"/proc/{pid}/ns/user").st_ino != os.stat("/proc/self/ns/user").st_ino:  # noqa: PTH116 - quick start
        kinds.insert(0, "user")
    opened = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in kinds]
    for descriptor in opened:
        if libc.setns(descriptor, 0):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """One answer: ``ok``, ``seen``, ``parts``, ``error``, ``fault``, ``steady``."""
    address = ("127.0.0.1", question["port"])
    try:
        if question["kind"] == "http":
            return _http(address, question["path"], question["patience"])
        return _tcp(address, bytes.fromhex(question["send"]), question["patience"])
    except (OSError, http.client.HTTPException) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return _answer({}, error=reason or str(error) or type(error).__name__)


def _http(address: tuple[str, int], path: str, patience: float) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*address, timeout=patience)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": "localhost", "User-Agent": "undercurrent", "Accept": "*/*"})
        response = connection.getresponse()
        body = response.read(_MOST)
    kind = (response.headers.get("Content-Type") or "").split(";")[0].strip()[:100]
    parts = {"status": str(response.status), "type": kind, "body": "sha256:" + hashlib.sha256(body).hexdigest()}
    if where := response.headers.get("Location"):
        parts["location"] = where[:500]
    seen = {"status": response.status, "type": kind, "bytes": len(body)}
    return _answer(seen, parts, fault=response.status >= _SERVER_ERROR)


def _tcp(address: tuple[str, int], send: bytes, patience: float) -> dict[str, Any]:
    with socket.create_connection(address, timeout=patience) as connection:
        if not send:
            return _answer({"connected": True}, {"connection": "open"})
        connection.sendall(send)
        said = connection.recv(4096)
    if not said:
        return _answer({}, error="closed without an answer")
    begins = ascii(said[:60].decode("latin-1"))
    return _answer({"bytes": len(said), "begins": begins}, {"output": said.hex()[:200]})


def _answer(
    seen: dict[str, Any], parts: dict[str, str] | None = None, *, error: str = "", fault: bool = False
) -> dict[str, Any]:
    return {"ok": not error, "seen": seen, "parts": parts or {}, "error": error, "fault": fault, "steady": True}


def main() -> None:
    """Enters, asks until there is an answer, and once more to see whether it is always the same."""
    question = json.load(sys.stdin)
    enter(question["pid"])
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:  # noqa: PTH123 - likewise
        start = int(file.read())
    answer = _answer({})
    if question["kind"] != "none":
        answer = _patiently(question)
    print(json.dumps({**answer, "port_start": start}))  # noqa: T201 - this is its answer


def _patiently(question: dict[str, Any]) -> dict[str, Any]:
    """The first good answer, or the last bad one; an answer of a server that says it is broken gets some time."""
    began = time.monotonic()
    while True:
        answer = ask(question)
        waited = time.monotonic() - began
        if waited > question["wait"] or (answer["ok"] and not answer["fault"]):
            break
        if answer["ok"] and waited > question["wait"] * _FAULT_SHARE:
            break
        time.sleep(0.05)
    if answer["ok"]:
        answer["steady"] = ask(question)["parts"] == answer["parts"]
    return answer


if __name__ == "__main__":
    main()
