"""An ordinary user of this machine, with numbers of other users to give to containers."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def python_for(user: pwd.struct_passwd, environ: Mapping[str, str], folder: Path) -> tuple[str, dict[str, str]]:
    """A Python of this version that ``user`` can run, and the variables with which it finds what is tested.

    Where the user may not read this tree, there is a copy of it in ``folder`` then.
    """
    places = [ROOT / "src", *(Path(path) for path in sys.path if "site-packages" in path)]
    found = _python_with(places, user, environ) or _python_with(_copied(places, user, folder), user, environ)
    return found or skip_or_fail(f"user {user.pw_name} can run no Python {sys.version} that sees this tree")


def _copied(places: Iterable[Path], user: pwd.struct_passwd, folder: Path) -> Iterator[Path]:
    for number, place in enumerate(places):
        copy = shutil.copytree(place, folder / f"packages-{number}", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (copy, *copy.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        yield copy


def _python_with(
    places: Iterable[Path], user: pwd.struct_passwd, environ: Mapping[str, str]
) -> tuple[str, dict[str, str]] | None:
    packages = {"PYTHONPATH": os.pathsep.join(map(str, places))}
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
    return None
