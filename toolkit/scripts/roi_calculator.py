#!/usr/bin/env python3
"""Reckons what actions cost and return.

python roi_calculator.py --actions "sign,rootless,ai-scheduler"
python roi_calculator.py --actions "sign,rootless" --full       labour, claims, pay-back, present value, uncertainty
python roi_calculator.py --evidence                             what is measured instead of what is assumed

Speaks Chinese unless the locale or --lang says otherwise. More: uc plan roi --help
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
os.execv(command[0], [*command, "plan", "roi", *sys.argv[1:]])  # noqa: S606 - a list of arguments, no shell
