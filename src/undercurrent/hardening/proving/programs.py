"""Runs other programs: bounded in time and in what is kept of their output, and gone when the call returns."""

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import MissingTool, TimedOut
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["Ran", "call", "plain", "shortened"]

_KEPT: Final = 4 * 1024 * 1024
"""Bytes of each stream that are kept: the last ones."""
_PIECE: Final = 64 * 1024
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_LINES: Final = 12
_LINE: Final = 300


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and the last of what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Its last words, safe to show."""
        return shortened(self.err or self.out)


async def call(
    *command: str | Path,
    timeout_s: float,
    environ: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    folder: Path | None = None,
) -> Ran:
    """Runs a program to its end.

    Args:
        command: program and arguments; no shell is involved.
        timeout_s: seconds after which it is killed.
        environ: its variables; this process's when None.
        stdin: what it reads; nothing when None.
        folder: its working directory.

    Raises:
        MissingTool: it cannot be started.
        TimedOut: it took too long.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            env=None if environ is None else dict(environ),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            process_group=0,  # Ctrl-C is for us: what we started is ended by us, and in order
        )
    except OSError as error:
        raise MissingTool(
            _("{path} cannot be started: {reason}").format(path=command[0], reason=system_reason(error))
        ) from error
    try:
        async with asyncio.timeout(timeout_s):
            out, err, _nothing = await asyncio.gather(
                _last(process.stdout), _last(process.stderr), _feed(process.stdin, stdin)
            )
            code = await process.wait()
    except TimeoutError:
        raise TimedOut(
            _("{program} {verb} took longer than {seconds:g} s").format(
                program=Path(command[0]).name, verb=command[1] if len(command) > 1 else "", seconds=timeout_s
            ),
            hint=_("give it more with --timeout"),
        ) from None
    finally:
        await _end(process)
    return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await process.wait()


async def _last(stream: asyncio.StreamReader | None) -> bytes:
    kept = bytearray()
    while stream is not None and (piece := await stream.read(_PIECE)):
        kept += piece
        if len(kept) > 2 * _KEPT:
            del kept[:-_KEPT]
    return bytes(kept[-_KEPT:])


async def _feed(stream: asyncio.StreamWriter | None, content: bytes | None) -> None:
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(content or b"")
        await stream.drain()
    stream.close()


def plain(text: str) -> str:
    """The text without what would move a terminal's cursor, colour it or turn its direction."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def shortened(text: str, lines: int = _LINES) -> str:
    """The last lines of what a program said, safe to show: no control characters, no line without end."""
    kept = [line.rstrip() for line in plain(text[-_KEPT:]).splitlines() if line.strip()][-lines:]
    return "\n".join(line if len(line) <= _LINE else f"{line[: _LINE - 1]}…" for line in kept)
