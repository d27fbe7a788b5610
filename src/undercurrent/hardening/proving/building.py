"""Builds an image for a proof, with the engine that runs it, and takes it away again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from undercurrent.errors import Refused, UndercurrentError
from undercurrent.hardening.proving.contexts import copied
from undercurrent.hardening.proving.engines import Engine, image_of, run_engine, version_numbers, whole
from undercurrent.hardening.proving.heredocs import FOLDER, lowered
from undercurrent.hardening.proving.leftovers import own_folder, own_name
from undercurrent.hardening.proving.nouns import Built
from undercurrent.i18n import translate as _

__all__ = ["Recipe", "built", "untagged"]

_NO_NETWORK: Final = (
    "could not resolve",
    "temporary failure",
    "no such host",
    "network is unreachable",
    "name resolution",
    "unable to connect",
    "getaddrinfo",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build.

    Attributes:
        name: the Dockerfile, as its user writes it.
        text: what stands in it, or would.
        context: the folder that it copies from.
        target: the stage; empty for the last.
        arguments: build arguments.
        files: what files of the context are to be, by path in it; others stay as they are.
        network: of its RUN instructions.
        tag: a name that it keeps; empty if it goes with the proof.
    """

    name: str
    text: bytes
    context: Path
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    network: str = "none"
    tag: str = ""


@asynccontextmanager
async def built(engine: Engine, recipe: Recipe, *, timeout_s: float) -> AsyncIterator[Built]:
    """The image of the recipe; unless it keeps a name, it is gone when the block ends.

    Raises:
        Refused: it does not build; the message has the builder's last words.
        TimedOut: it takes too long.
    """
    own = f"localhost/{own_name()}:built"
    try:
        with own_folder() as folder:
            text, context = await asyncio.to_thread(_prepared, engine, recipe, folder)
            await _build(engine, replace(recipe, context=context), text, own, timeout_s)
        image = await image_of(engine, own, timeout_s=timeout_s, built=True)
        if recipe.tag:
            await run_engine(engine, "tag", own, recipe.tag)
        yield replace(image, name=recipe.tag or recipe.name)
    finally:
        await untagged(engine, own)


def _prepared(engine: Engine, recipe: Recipe, folder: Path) -> tuple[Path, Path]:
    """The Dockerfile as this engine can build it, and its context: a copy, where files in it are to be others."""
    text, files = recipe.text, dict(recipe.files)
    if not _knows_heredocs(engine):
        lower = lowered(text, recipe.arguments)
        text, files = lower.text, {**files, **lower.files}
    file = folder / "Dockerfile"
    file.write_bytes(text)
    context = recipe.context
    if files:
        context = folder / "context"
        copied(recipe.context, context, files)
    ignored = _ignored(recipe)
    if ignored is not None:
        # Both engines prefer NAME.dockerignore beside the file: what it leaves out includes what we put there.
        Path(f"{file}.dockerignore").write_bytes(ignored + f"\n!{FOLDER}\n!{FOLDER}/**\n".encode())
    return file, context


def _knows_heredocs(engine: Engine) -> bool:
    """Buildah 1.35 was the first to read them, and Docker's BuildKit since it is what `docker build` uses."""
    return version_numbers(engine.builder) >= ((1, 35) if engine.name == "podman" else (23,))


def _ignored(recipe: Recipe) -> bytes | None:
    name = Path(recipe.name).name
    for place in (recipe.context / f"{name}.dockerignore", recipe.context / ".containerignore"):
        with suppress(OSError):
            return place.read_bytes()
    with suppress(OSError):
        return (recipe.context / ".dockerignore").read_bytes()
    return None


async def _build(engine: Engine, recipe: Recipe, file: Path, tag: str, timeout_s: float) -> None:
    command = ["build", f"--file={file}", f"--tag={tag}", f"--network={recipe.network}", "--force-rm"]
    if recipe.target:
        command.append(f"--target={recipe.target}")
    command += [f"--build-arg={name}={value}" for name, value in recipe.arguments.items()]
    ran = await run_engine(engine, *command, str(recipe.context), timeout_s=timeout_s, check=False)
    if ran.code == 0:
        return
    said = (ran.err + ran.out).lower()
    hint = ""
    if recipe.network == "none" and any(words in said for words in _NO_NETWORK):
        hint = _("the build has no network: give it one with --build-network, if you trust what it runs")
    raise Refused(
        _("{name} does not build with {engine}: {reason}").format(
            name=recipe.name, engine=engine.label, reason=ran.said or _("exit status {code}").format(code=ran.code)
        ),
        hint=hint,
    )


async def untagged(engine: Engine, tag: str) -> None:
    """Takes the name away, and the image with it if it has no other."""
    with suppress(UndercurrentError):
        await whole(run_engine(engine, "rmi", tag, check=False))
