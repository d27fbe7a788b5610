"""A small web server that first does what its arguments say, to see what it needs for that."""

import subprocess
from pathlib import Path
from typing import Final

from tests.support.peers import require_peer

__all__ = ["compile_server"]

_SOURCE: Final = Path(__file__).parent.parent / "peers" / "proving" / "needs.c"


def compile_server(to: Path) -> None:
    """Makes a program of its own, that wants no library: an image may hold nothing else."""
    compiler = require_peer("cc", "apt-get install gcc libc6-dev")
    subprocess.run([compiler, "-static", "-O1", "-Wall", "-o", to, _SOURCE], check=True)
