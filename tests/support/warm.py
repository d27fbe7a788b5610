"""The command line without its start-up: a process that has imported it, and forks for every command.

Starting Python and importing what a command needs takes longer than most commands. What a fork runs is the same
``main`` with its own variables, folder and streams. Where starting is part of what is tested, start the program.
"""

import atexit
import gc
import importlib
import json
import os
import select
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

from coverage import Coverage
from tests.support.source import ROOT, modules

__all__ = ["WarmProgram", "warm_program"]

_LENGTH: Final = 4
_STREAMS: Final = 3
_ALSO: Final = ("alembic.command", "alembic.config", "alembic.script", "rich.markdown", "sqlalchemy.dialects.sqlite")
"""What commands import when they first need it."""


class WarmProgram:
    """The process; every call is a command in a fork of it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="uc-warm-")
        self._address = str(Path(self._folder.name) / "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(listener.fileno())],
                cwd=ROOT,
                env={**os.environ, "LANG": "C.UTF-8"},
                stdin=subprocess.PIPE,
                pass_fds=(listener.fileno(),),
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
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(self._address)
            streams = [stack.enter_context(tempfile.TemporaryFile()) for _stream in range(_STREAMS)]
            streams[0].write(stdin)
            streams[0].seek(0)
            request = {"arguments": list(arguments), "environ": dict(env), "cwd": str(cwd)}
            _send(connection, request, [stream.fileno() for stream in streams])
            child = _received(connection)["pid"]
            connection.settimeout(timeout)
            try:
                code = _received(connection)["code"]
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                raise
            for stream in streams[1:]:
                stream.seek(0)
            return code, streams[1].read(), streams[2].read()

    def install(self, program: Path) -> None:
        """Writes a program for shells that hands all it gets to this process."""
        program.write_text(_CLIENT.format(python=sys.executable, address=self._address))
        program.chmod(0o755)

    def close(self) -> None:
        """Ends the process; the end of this one ends it too."""
        self._process.communicate()
        self._folder.cleanup()


_CLIENT: Final = """\
#!{python} -SI
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps(dict(arguments=sys.argv[1:], environ=dict(os.environ), cwd=os.getcwd())).encode()
    socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(request)
    with server.makefile("rb") as answers:
        for _answer in ("pid", "code"):
            answer = json.loads(answers.read(int.from_bytes(answers.read(4), "big")))
sys.exit(answer["code"])
"""


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


def _serve(listener: socket.socket) -> None:
    """Forks for each connection; that process forks again, for the command, and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while select.select([listener, sys.stdin], [], [])[0] == [listener]:
        connection, _address = listener.accept()
        with connection:
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                _keep(connection)


def _keep(connection: socket.socket) -> NoReturn:
    length, streams, _flags, _address = socket.recv_fds(connection, _LENGTH, _STREAMS)
    request = json.loads(_exactly(connection, int.from_bytes(length, "big")))
    if (child := os.fork()) == 0:
        connection.close()
        _run(request, streams)
    for stream in streams:
        os.close(stream)
    _send(connection, {"pid": child})
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    _send(connection, {"code": code if code >= 0 else 128 - code})
    os._exit(0)


def _send(connection: socket.socket, value: Mapping[str, Any], streams: Sequence[int] = ()) -> None:
    message = json.dumps(value).encode()
    socket.send_fds(connection, [len(message).to_bytes(_LENGTH, "big")], list(streams))
    connection.sendall(message)


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


def _settle_coverage() -> None:
    """Leaves to forks what they run: each would write down all imports again, and which files nobody ran.

    That took four times as long as most commands.
    """
    if counting := Coverage.current():
        counting.get_data()
        counting._post_save_work = lambda: None  # type: ignore[method-assign]


if __name__ == "__main__":
    _import_all()
    _settle_coverage()
    gc.freeze()  # else the first collection in a fork would copy all pages
    _serve(socket.socket(fileno=int(sys.argv[1])))
