"""Builds an image for a proof, with the engine that runs it, and takes it away again."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from undercurrent.errors import Refused, UndercurrentError
from undercurrent.hardening.proving.engines import Engine, image_of, run_engine
from undercurrent.hardening.proving.leftovers import own_name
from undercurrent.hardening.proving.nouns import Built
from undercurrent.i18n import translate as _

__all__ = ["Recipe", "built"]

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
        network: of its RUN instructions.
        tag: a name that it keeps; empty if it goes with the proof.
    """

    name: str
    text: bytes
    context: Path
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
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
        with tempfile.TemporaryDirectory(prefix="uc-prove-") as folder:
            file = Path(folder) / "Dockerfile"
            file.write_bytes(recipe.text)
            await _build(engine, recipe, file, own, timeout_s)
        image = await image_of(engine, own, timeout_s=timeout_s, built=True)
        if recipe.tag:
            await run_engine(engine, "tag", own, recipe.tag)
        yield Built(
            image.id, image.manifest, recipe.tag or recipe.name, image.user, image.volumes, image.ports, built=True
        )
    finally:
        await _untagged(engine, own)


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


async def _untagged(engine: Engine, tag: str) -> None:
    """Takes the name away, and the image with it if it has no other."""
    removal = asyncio.ensure_future(run_engine(engine, "rmi", tag, check=False))
    try:
        await asyncio.shield(removal)
    except asyncio.CancelledError:
        await asyncio.wait([removal])
        raise
    except UndercurrentError:
        pass
