"""Other programs: bounded in time and in what is kept of their output, and gone with all they started.

None sees the terminal: each gets a process group of its own, so that Ctrl-C is for us, and what was started is ended
by us, and in order.
"""

import asyncio
import os
import re
from asyncio.subprocess import DEVNULL, PIPE, Process, SubprocessStreamProtocol
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import MissingTool, TimedOut
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["Ran", "call", "plain", "shortened", "started"]

_KEPT: Final = 4 * 1024 * 1024
_PIECE: Final = 64 * 1024
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_LINES: Final = 12
_LINE: Final = 300


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and the last of what it said.

    Attributes:
        code: its exit status; a signal that ended it, as a negative number.
        stdout, stderr: its output, and its other output.
        cut: it wrote more to one of them than was kept.
    """

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    cut: bool = False

    @property
    def out(self) -> str:
        """Its output as text."""
        return self.stdout.decode(errors="replace")

    @property
    def err(self) -> str:
        """Its other output as text."""
        return self.stderr.decode(errors="replace")

    @property
    def said(self) -> str:
        """Its last words, safe to show."""
        return shortened(self.err or self.out)


async def call(
    *command: str | Path,
    timeout_s: float | None,
    environ: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    folder: Path | None = None,
    kept: int = _KEPT,
    install: str = "",
    longer: str = "",
) -> Ran:
    """Runs a program to its end.

    Args:
        command: program and arguments; no shell is involved.
        timeout_s: seconds after which it is killed; None for as long as it takes.
        environ: its variables; this process's when None.
        stdin: what it reads; nothing when None.
        folder: its working directory.
        kept: bytes of each of its outputs that are kept: the last ones.
        install: what to do if it cannot be started.
        longer: what to do if it takes too long.

    Raises:
        MissingTool: it cannot be started.
        TimedOut: it took too long.
    """
    async with started(
        *command, stdin=DEVNULL if stdin is None else PIPE, environ=environ, folder=folder, install=install
    ) as process:
        try:
            async with asyncio.timeout(timeout_s):
                (out, more), (err, more_err), _nothing = await asyncio.gather(
                    _last(process.stdout, kept), _last(process.stderr, kept), _feed(process.stdin, stdin)
                )
                code = await process.wait()
        except TimeoutError:
            verb = f" {command[1]}" if len(command) > 1 and not str(command[1]).startswith(("-", "/")) else ""
            raise TimedOut(
                _("{program} took longer than {seconds:g} s").format(
                    program=Path(command[0]).name + verb, seconds=timeout_s
                ),
                hint=longer,
            ) from None
    return Ran(code, out, err, more or more_err)


@asynccontextmanager
async def started(
    *command: str | Path,
    stdin: int = DEVNULL,
    stderr: int = PIPE,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    install: str = "",
) -> AsyncIterator[Process]:
    """A program that was started, its output a pipe; when the block ends, so have the program and its group.

    What left that group (a daemon) goes on.

    Raises:
        MissingTool: it cannot be started.
    """
    loop = asyncio.get_running_loop()
    try:
        # As asyncio.create_subprocess_exec does, which keeps the transport for itself.
        transport, protocol = await loop.subprocess_exec(
            lambda: SubprocessStreamProtocol(limit=_PIECE, loop=loop),
            *map(str, command),
            env=None if environ is None else dict(environ),
            cwd=folder,
            stdin=stdin,
            stdout=PIPE,
            stderr=stderr,
            process_group=0,
        )
    except OSError as error:
        raise MissingTool(
            _("{path} cannot be started: {reason}").format(path=command[0], reason=system_reason(error)), hint=install
        ) from error
    process, ended = Process(transport, protocol, loop), False
    try:
        yield process
        ended = process.returncode is not None
    finally:
        if not ended:  # also if only its children are left: they hold its output open
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            # wait() waits for the end of its outputs, too, which may be full, or held open by a daemon:
            # https://github.com/python/cpython/issues/119710
            for pipe in filter(None, map(transport.get_pipe_transport, range(3))):
                pipe.close()
            await process.wait()


async def _last(stream: asyncio.StreamReader | None, kept: int) -> tuple[bytes, bool]:
    """The last bytes of a stream, and whether there were more."""
    held, more = bytearray(), False
    while stream is not None and (piece := await stream.read(_PIECE)):
        held += piece
        if len(held) > 2 * kept:
            del held[:-kept]
            more = True
    return bytes(held[-kept:]), more or len(held) > kept


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
