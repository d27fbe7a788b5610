"""Runs ``uc serve`` on a free port, and asks it."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.support.cli import UcRunner, command_line_environment

__all__ = ["WAIT_S", "Answered", "Served", "serving"]

WAIT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document in it."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answered:
        """One request, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return Answered(answer.status, {key.lower(): text for key, text in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@contextmanager
def serving(run_uc: UcRunner, *arguments: str, **environ: str) -> Iterator[Served]:
    """A server on a free port, stopped at the end."""
    more = {"UNDERCURRENT_EVIDENCE_URL": "sqlite:///evidence.db", **environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "undercurrent", "serve", "--port", "0", *arguments],
        cwd=run_uc.folder,
        env=command_line_environment(run_uc.home, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        match = re.search(r"http://[^/]*:(\d+)/", said)
        if match is None:
            raise AssertionError(f"{said} {process.communicate()}")
        yield Served(process, int(match[1]))
    finally:
        process.kill()
        process.communicate()
