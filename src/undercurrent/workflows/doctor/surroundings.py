"""What is neither a program nor the kernel: engines that answer, Python packages, folders, the terminal's letters."""

import importlib.metadata
import locale
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from undercurrent.errors import UndercurrentError
from undercurrent.i18n import gettext_noop as N_
from undercurrent.oci.engines.enginesocket import EngineKind, answering
from undercurrent.settings import cache_folder, data_folder, state_folder
from undercurrent.workflows.doctor.capability import Capability, Machine, Probe

__all__ = ["surrounding_probes"]

_ENGINES: Final[tuple[tuple[EngineKind, str], ...]] = (
    ("docker", N_("uc image list --engine docker, and signing what docker has")),
    ("podman", N_("uc image list --engine podman, and signing what podman has")),
)
_EXTRAS: Final = (
    ("postgresql", "psycopg", N_("evidence in PostgreSQL")),
    ("mysql", "pymysql", N_("evidence in MySQL or MariaDB")),
)
_FOLDERS: Final[tuple[tuple[str, Callable[[], Path], str], ...]] = (
    ("data-folder", data_folder, N_("the embedded store of images, and the evidence")),
    ("state-folder", state_folder, N_("the journals from which an interrupted run goes on")),
    ("cache-folder", cache_folder, N_("SBOMs that are made once")),
)


async def _engine(engine: EngineKind, enables: str, machine: Machine) -> Capability:
    name = f"{engine}-socket"
    try:
        found = await answering(engine, machine.environ)
    except UndercurrentError as error:
        return Capability(name, "engine", False, "", "", enables, error.hint)
    return Capability(name, "engine", True, "", str(found.path), enables, "")


async def _extra(extra: str, package: str, enables: str, _machine: Machine) -> Capability:
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    install = "" if version else f"pip install 'undercurrent[{extra}]'"
    return Capability(extra, "python", bool(version), version, "", enables, install)


async def _folder(name: str, locate: Callable[[], Path], enables: str, _machine: Machine) -> Capability:
    path = locate()
    # os.access says no where Path.exists would raise: in a folder that may not be entered.
    nearest = next((folder for folder in (path, *path.parents) if os.access(folder, os.F_OK)), path)
    usable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return Capability(name, "place", usable, "", str(path), enables, "" if usable else f"chown $USER {nearest}")


async def _letters(_machine: Machine) -> Capability:
    encoding = locale.getencoding()
    utf8 = encoding.upper().replace("-", "") == "UTF8"
    enables = N_("Chinese text, and the lines of trees and tables")
    return Capability("utf-8", "place", utf8, encoding, "", enables, "" if utf8 else "export LANG=C.UTF-8")


def surrounding_probes() -> tuple[Probe, ...]:
    """One for each of these things."""
    return (
        *(partial(_engine, *engine) for engine in _ENGINES),
        *(partial(_extra, *extra) for extra in _EXTRAS),
        *(partial(_folder, *folder) for folder in _FOLDERS),
        _letters,
    )
