"""An ordinary user of this machine, with numbers of other users to give to containers."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.peers import skip_or_fail
from tests.support.source import ROOT

__all__ = ["NAME", "as_user", "ordinary_user", "python_for"]

NAME = "uc-rootless"
"""What ``make peers`` calls the one that it makes where there is none."""


def ordinary_user() -> pwd.struct_passwd | None:
    """The first user with a line in /etc/subuid and /etc/subgid."""
    allowed = [Path(path) for path in ("/etc/subuid", "/etc/subgid")]
    if not all(path.is_file() for path in allowed):
        return None
    names = [{line.partition(":")[0] for line in path.read_text().splitlines()} for path in allowed]
    return next(
        (user for user in pwd.getpwall() if user.pw_uid >= 1000 and all(user.pw_name in some for some in names)), None
    )


def as_user(
    user: pwd.struct_passwd, command: Sequence[str | Path], environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs a command as ``user``."""
    return subprocess.run(
        command,
        env=dict(environ),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        timeout=240,
    )


def python_for(user: pwd.struct_passwd, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """A Python of this version that ``user`` can run, and the variables with which it finds what is tested."""
    packages = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *(path for path in sys.path if "site-packages" in path)])
    }
    version = "{}.{}".format(*sys.version_info)
    for program in (sys.executable, shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")):
        try:
            if (
                program
                and as_user(user, [program, "-m", "undercurrent", "--version"], {**environ, **packages}).returncode == 0
            ):
                return program, packages
        except OSError:
            continue
    return skip_or_fail(f"user {user.pw_name} can run no Python {version} that sees this tree")
