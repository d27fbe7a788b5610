#!/usr/bin/env python3
"""Chooses actions for what you are ready to put at stake, and says which to leave.

python risk_assessor.py --profile conservative                  or balanced, or aggressive
python risk_assessor.py --risk 30 --days 9                      a budget of your own
python risk_assessor.py --full                                  every action with its reasons; the frontier

Speaks Chinese unless the locale or --lang says otherwise. More: uc plan risk --help
"""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

# The C locale is what is there where nobody chose one; LC_ALL=C is somebody's choice.
if os.environ.get("LANG", "") in {"", "C", "C.UTF-8", "POSIX"} and not any(
    os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES")
):
    os.environ["LANG"] = "zh_CN.UTF-8"

here = Path(__file__).resolve().parent
uc = shutil.which("uc") or shutil.which("uc", path=here.parents[1] / ".venv" / "bin")
if find_spec("undercurrent"):
    command = [sys.executable, "-m", "undercurrent"]
elif uc:
    command = [uc]
else:
    sys.stderr.write("uc is not installed: run 'make demo' at the root of this repository\n")
    sys.exit(3)
os.execv(command[0], [*command, "plan", "risk", *sys.argv[1:]])  # noqa: S606 - a list of arguments, no shell
