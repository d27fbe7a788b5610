"""The command line without its start-up: a process that has imported it, and forks for every command.

Starting Python and importing what a command needs takes longer than most commands. What a fork runs is the same
``main`` with its own variables, folder and streams. Where starting is part of what is tested, start the program.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

from tests.support.source import ROOT, modules

__all__ = ["WarmProgram", "warm_program"]

_LENGTH: Final = 4
_STREAMS: Final = 3
_ALSO: Final = ("alembic.command", "alembic.config", "alembic.script", "rich.markdown", "sqlalchemy.dialects.sqlite")
"""What commands import when they first need it."""


class WarmProgram:
    """The process; every call is a command in a fork of it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._connection = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def __call__(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Runs a command to its end.

        Returns:
            Exit code, standard output, standard error.

        Raises:
            TimeoutError: it took longer than ``timeout`` seconds, and was killed.
        """
        with ExitStack() as stack:
            streams = [stack.enter_context(tempfile.TemporaryFile()) for _stream in range(_STREAMS)]
            streams[0].write(stdin)
            streams[0].seek(0)
            request = {"arguments": list(arguments), "environ": dict(env), "cwd": str(cwd)}
            self._send(request, [stream.fileno() for stream in streams])
            child = _received(self._connection)["pid"]
            self._connection.settimeout(timeout)
            try:
                code = _received(self._connection)["code"]
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                raise
            finally:
                self._connection.settimeout(None)
            for stream in streams[1:]:
                stream.seek(0)
            return code, streams[1].read(), streams[2].read()

    def close(self) -> None:
        """Ends the process."""
        self._connection.close()
        self._process.wait()

    def _send(self, request: Mapping[str, Any], streams: list[int]) -> None:
        message = json.dumps(request).encode()
        socket.send_fds(self._connection, [len(message).to_bytes(_LENGTH, "big")], streams)
        self._connection.sendall(message)


@cache
def warm_program() -> WarmProgram:
    """The one of this test run; it ends with that."""
    program = WarmProgram()
    atexit.register(program.close)
    return program


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise EOFError("the warm program is gone")
        data += piece
    return data


def _received(connection: socket.socket) -> Any:
    return json.loads(_exactly(connection, int.from_bytes(_exactly(connection, _LENGTH), "big")))


def _serve(connection: socket.socket) -> None:
    """Forks for each request; returns, in the fork, only by raising SystemExit."""
    while True:
        length, streams, _flags, _address = socket.recv_fds(connection, _LENGTH, _STREAMS)
        if not length:
            return
        request = json.loads(_exactly(connection, int.from_bytes(length, "big")))
        if (child := os.fork()) == 0:
            connection.close()
            _run(request, streams)
        for stream in streams:
            os.close(stream)
        _answer(connection, {"pid": child})
        _pid, status = os.waitpid(child, 0)
        _answer(connection, {"code": os.waitstatus_to_exitcode(status)})


def _answer(connection: socket.socket, value: Mapping[str, int]) -> None:
    message = json.dumps(value).encode()
    connection.sendall(len(message).to_bytes(_LENGTH, "big") + message)


def _run(request: Mapping[str, Any], streams: list[int]) -> NoReturn:
    from undercurrent.cli.main import main  # noqa: PLC0415 - the client does without it

    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process is
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["uc", *request["arguments"]]
    try:
        main()
    except SystemExit as ended:
        _leave(ended.code)
    except BaseException:  # noqa: BLE001 - as Python does it
        traceback.print_exc()
        _leave(1)


def _leave(code: object) -> NoReturn:
    """Ends this fork, with what coverage wants to be done and without what takes long: tearing all modules down."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _import_all() -> None:
    """Imports the whole library, but no commands: their help is in the language that is spoken when they come."""
    for module in modules():
        if not module.name.startswith("undercurrent.cli"):
            importlib.import_module(module.name)
    importlib.import_module("undercurrent.cli.main")
    for name in _ALSO:
        importlib.import_module(name)


if __name__ == "__main__":
    _import_all()
    gc.freeze()  # else the first collection in a fork would copy all pages
    _serve(socket.socket(fileno=int(sys.argv[1])))
