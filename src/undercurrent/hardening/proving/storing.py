"""Images that come to an engine from a layout, and what an engine's images are called elsewhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from undercurrent.errors import CouldNotCheck, Unsupported
from undercurrent.hardening.proving.building import untagged
from undercurrent.hardening.proving.engines import Engine, image_of, run_engine
from undercurrent.hardening.proving.leftovers import own_folder, own_name
from undercurrent.hardening.proving.nouns import Built
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.archive import open_archive

__all__ = ["from_layout", "saved_digest"]


@asynccontextmanager
async def from_layout(engine: Engine, layout: Path, name: str, *, timeout_s: float) -> AsyncIterator[Built]:
    """The image ``name`` of an OCI layout, as the engine reads it; there it goes again when the block ends.

    Raises:
        Unsupported: the engine is Docker, which reads no layouts.
        CouldNotCheck: podman cannot read it.
    """
    if engine.name != "podman":
        raise Unsupported(
            _("{engine} cannot read OCI layouts").format(engine=engine.name),
            hint=_("use --engine podman, or push the image to a registry"),
        )
    own = own_name()
    try:
        with own_folder() as folder:
            # podman calls an image after the folder it came from: a link gives it a name that is ours alone.
            _link(folder / own, layout)
            await run_engine(engine, "pull", "--quiet", f"oci:{own}:{name}", timeout_s=timeout_s, folder=folder)
        yield replace(await image_of(engine, f"localhost/{own}", timeout_s=timeout_s, built=True), name=name)
    finally:
        await untagged(engine, f"localhost/{own}:latest")


def _link(link: Path, layout: Path) -> None:
    link.symlink_to(layout.absolute())


async def saved_digest(engine: Engine, image: Built, *, timeout_s: float) -> Digest:
    """The digest that other commands know an engine's image by: that of a manifest made from what it saves.

    Raises:
        CouldNotCheck: it does not save the image.
    """
    form = ("--format=docker-archive",) if engine.name == "podman" else ()
    with own_folder() as folder:
        file = folder / "image.tar"
        await run_engine(
            engine, "save", *form, f"--output={file}", image.id.removeprefix("sha256:"), timeout_s=timeout_s
        )
        archive = open_archive(file)
        found = {(await archive.resolve(entry)).digest async for entry in archive.names()}
    if len(found) != 1:
        raise CouldNotCheck(_("{engine} saved no single image as {name}").format(engine=engine.name, name=image.name))
    return found.pop()
