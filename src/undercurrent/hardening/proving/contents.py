"""What an image has at a path: its engine hands out files as a tar stream, whose beginning is read."""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.proving.containers import container
from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.missing import Content, Look
from undercurrent.hardening.proving.nouns import Conditions
from undercurrent.processes import started

__all__ = ["looking_into", "parse_listing"]

_MOST: Final = 4 * 1024 * 1024
_SHOWN: Final = 3
_PATIENCE_S: Final = 30.0


@asynccontextmanager
async def looking_into(engine: Engine, image: str) -> AsyncIterator[Look]:
    """A look into ``image``, by a container that is never started; what was seen once is remembered."""
    known: dict[str, Content] = {"/": Content("folder", ("…",))}
    names: list[str] = []

    async with AsyncExitStack() as closing:

        async def look(path: str) -> Content:
            if path not in known:
                if not names:
                    made = await closing.enter_async_context(container(engine, image, Conditions(), "look"))
                    names.append(made.name)
                known[path] = await _beginning(engine, names[0], path)
            return known[path]

        yield look


async def _beginning(engine: Engine, name: str, path: str) -> Content:
    read = bytearray()
    async with started(
        *(engine.program, "cp", f"{name}:{path}", "-"), environ=engine.environ, stderr=asyncio.subprocess.DEVNULL
    ) as process:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while process.stdout is not None and len(read) < _MOST and (piece := await process.stdout.read(65536)):
                    read += piece
    return parse_listing(bytes(read), PurePosixPath(path).name)


def parse_listing(stream: bytes, name: str) -> Content:
    """What a tar stream of ``name`` holds, as far as it goes; no stream is nothing."""
    folder, files = False, []
    seen = False
    with (
        suppress(tarfile.TarError, EOFError, ValueError),
        tarfile.open(fileobj=io.BytesIO(stream), mode="r|") as archive,
    ):
        for member in archive:
            seen = True
            path = PurePosixPath(member.name)
            inner = path.relative_to(name) if path.parts[:1] == (name,) else path
            if not inner.parts and not member.isdir():
                return Content("file")
            folder = folder or member.isdir() or bool(inner.parts)
            if not member.isdir():
                files.append(str(inner))
            if len(files) >= _SHOWN:
                break
    if not seen:
        return Content("nothing")
    return Content("folder" if folder else "file", tuple(files))
