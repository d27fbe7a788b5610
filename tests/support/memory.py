"""How much memory a piece of code takes, run in a process of its own."""

import subprocess
import sys
from typing import Final

__all__ = ["LITTLE", "peak_memory"]

LITTLE: Final = 100 * 1024 * 1024
"""Bytes that handling content of any size may take."""

# Not getrusage: what it says of a child includes the process that the child was forked from.
_REPORT: Final = """
with open("/proc/self/status") as _status:
    print(next(line for line in _status if line.startswith("VmHWM")).split()[1])
"""


def peak_memory(script: str, *arguments: str) -> int:
    """The most bytes that ``script`` had in memory at once, the interpreter included."""
    command = [sys.executable, "-c", script + _REPORT, *arguments]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(ran.stdout.split()[-1]) * 1024
