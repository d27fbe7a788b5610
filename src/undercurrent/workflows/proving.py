"""Proves that what a Dockerfile builds, or an image, runs without root; records that, and writes it for signing."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from undercurrent.errors import Interrupted, NotFound, UsageError
from undercurrent.fleet.signals import listening
from undercurrent.hardening.numbers import is_root
from undercurrent.hardening.proving import (
    Built,
    Conditions,
    Engine,
    EngineName,
    Patience,
    Probe,
    Proof,
    Proving,
    Verdict,
    find_engine,
    image_of,
    prove,
)
from undercurrent.hardening.proving.building import Recipe, built
from undercurrent.hardening.proving.leftovers import sweep
from undercurrent.hardening.proving.predicate import as_json
from undercurrent.hardening.proving.storing import from_layout, saved_digest
from undercurrent.i18n import translate as _
from undercurrent.oci.reference import Reference, names_host
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.fixing import Wish
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.provingfixes import Fixed, as_conditions, fixed, moved_probe
from undercurrent.workflows.reading import read_bounded
from undercurrent.workflows.recording import Recording, recording

__all__ = ["NOTHING_BEFORE", "Wanted", "file_of", "outcome_of", "prove_target"]

NOTHING_BEFORE: Final = "none"
_LAYOUT: Final = "oci:"
_FILES: Final = ("Dockerfile", "Containerfile")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be proved, and how.

    Attributes:
        target: a Dockerfile, the folder it is in, or the name of an image.
        before: what it is compared with: the same kinds of things, ``none``, or None for the target as it is.
        conditions: under which it runs.
        probe: what it is asked; None for what its ports tell.
        probe_before: what the other one is asked, where that differs.
        capabilities_before: what it gets now, beside the engine's own choice.
        propose: writable paths that are missing are found, and tried.
        shrink: those that it does without are found.
        engine: who builds and runs.
        patience: how long is waited for the containers.
        build_s: seconds that a build, or fetching an image, may take.
        stage: the stage to build; empty for the last.
        arguments: build arguments.
        build_network: of RUN instructions.
        tag: a name under which the image that was built is kept.
        predicate: file to write for `uc image attest`; None for none.
        fix: what is proved is the Dockerfile with its fix, compared with what it is.
        unsafe: the fix with what is not safe.
    """

    target: str
    before: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    probe: Probe | None = None
    probe_before: Probe | None = None
    capabilities_before: tuple[str, ...] = ()
    propose: bool = True
    shrink: bool = False
    engine: EngineName = "auto"
    patience: Patience = field(default_factory=Patience)
    build_s: float = 1800.0
    stage: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    build_network: str = "none"
    tag: str = ""
    predicate: Path | None = None
    fix: bool = False
    unsafe: bool = False


async def prove_target(wanted: Wanted, settings: Settings, *, observer: Observer = silent) -> Proof:
    """Proves it, records the outcome, and writes the predicate.

    SIGINT and SIGTERM end it in order: what was started is taken away.

    Raises:
        UsageError, NotFound: the target is nothing that can be proved.
        CouldNotCheck, BadContent, TooLarge: it cannot be read, or is no file, or larger than what people write.
        MissingTool, EnvironmentLacks: there is no engine, or the evidence cannot be written.
        Refused: it does not build.
        CouldNotCheck: the engine does not do its part.
        Interrupted: by a signal.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - it is a coroutine that runs
    came: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        came.append(number)
        task.cancel()

    with recording(settings) as record, listening(stop):
        record.open()
        try:
            proof = await _proved(wanted, settings, record, observer)
        except asyncio.CancelledError:
            if came:
                raise Interrupted(_("interrupted")) from None
            raise
    if wanted.predicate is not None:
        keep(json.dumps(as_json(proof), indent=2, ensure_ascii=False) + "\n", wanted.predicate)
    return proof


async def _proved(wanted: Wanted, settings: Settings, record: Recording, observer: Observer) -> Proof:
    target = _target(wanted.target)
    other = None if wanted.before in (None, NOTHING_BEFORE) else _target(wanted.before)
    change = await _change(target, wanted, settings, observer) if wanted.fix else None
    engine = await find_engine(wanted.engine)
    await sweep(engine)
    async with AsyncExitStack() as closing:
        after = await closing.enter_async_context(_image(engine, target, wanted, tag=wanted.tag, change=change))
        before: Built | None = after
        if wanted.before == NOTHING_BEFORE:
            before = None
        elif other is not None or change is not None:
            before = await closing.enter_async_context(_image(engine, other or target, wanted))
        proving = Proving(
            engine,
            after,
            before,
            moved_probe(wanted.probe, change.moved if change else {}),
            wanted.probe_before or wanted.probe,
            wanted.patience,
            wanted.capabilities_before,
            propose=wanted.propose,
            shrink=wanted.shrink,
            observer=observer,
        )
        proof = await prove(proving, as_conditions(wanted.conditions, change.run if change else None))
        await _record(proof, engine, target, wanted, settings, record)
    return proof


@dataclass(frozen=True, slots=True)
class _Target:
    """What a name means.

    Attributes:
        name: as it was written.
        file: the Dockerfile; None for an image.
        text: what stands in it.
    """

    name: str
    file: Path | None = None
    text: bytes = b""


def _target(name: str) -> _Target:
    if name.startswith(_LAYOUT) and not name.removeprefix(_LAYOUT).partition(":")[2]:
        raise UsageError(_("{target} names no image").format(target=name), hint=_("write oci:FOLDER:NAME"))
    file = None if name.startswith(_LAYOUT) else file_of(name)
    return _Target(name) if file is None else _Target(name, file, read_bounded(file, str(file)))


async def _change(target: _Target, wanted: Wanted, settings: Settings, observer: Observer) -> Fixed:
    if target.file is None:
        raise UsageError(
            _("{target} is an image, and only Dockerfiles are fixed").format(target=target.name),
            hint=_("name the Dockerfile that it is built from"),
        )
    wish = Wish(unsafe=wanted.unsafe, target=wanted.stage or None, arguments=wanted.arguments)
    return await fixed(target.file, settings, wish, observer=observer)


@asynccontextmanager
async def _image(
    engine: Engine, target: _Target, wanted: Wanted, *, tag: str = "", change: Fixed | None = None
) -> AsyncIterator[Built]:
    if target.name.startswith(_LAYOUT):
        folder, _colon, name = target.name.removeprefix(_LAYOUT).partition(":")
        async with from_layout(engine, Path(folder), name, timeout_s=wanted.build_s) as image:
            yield image
        return
    if target.file is None:
        yield await image_of(engine, target.name, timeout_s=wanted.build_s)
        return
    recipe = Recipe(
        str(target.file),
        change.text if change else target.text,
        target.file.parent,
        target=wanted.stage,
        arguments=wanted.arguments,
        files=change.files if change else {},
        network=wanted.build_network,
        tag=tag,
    )
    async with built(engine, recipe, timeout_s=wanted.build_s) as image:
        yield image


def file_of(target: str) -> Path | None:
    """The Dockerfile that ``target`` means; None if it is the name of an image.

    Raises:
        NotFound: it is a path, and no Dockerfile is there.
    """
    path = Path(target)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above may not be looked into
        for name in _FILES:
            if os.path.lexists(path / name):
                return path / name
        raise NotFound(
            _("{path} has no Dockerfile").format(path=path), hint=_("name the file: {path}/NAME").format(path=path)
        )
    if os.path.lexists(path):
        return path
    if target.startswith(("/", "./", "../", "~")):
        raise NotFound(_("{path} does not exist").format(path=target))
    return None


_OUTCOMES: Final[Mapping[Verdict, str]] = {
    Verdict.ROOTLESS: "rootless",
    Verdict.ROOT: "root",
    Verdict.FAILED: "unknown",
}


def outcome_of(proof: Proof) -> str:
    """What evidence says: an image that runs without root only when told so is root to everybody else."""
    if proof.verdict is Verdict.ROOTLESS and is_root(proof.after.user):
        return "root"
    return _OUTCOMES[proof.verdict]


async def _record(
    proof: Proof, engine: Engine, target: _Target, wanted: Wanted, settings: Settings, record: Recording
) -> None:
    """An image that has a name counts among those of an estate; one that is gone with its proof does not."""
    outcome, said = outcome_of(proof), as_json(proof)
    if target.file is not None:
        if not wanted.fix:  # else it is not what stands there yet
            record.add("dockerfile-rootless", str(target.file), outcome, str(target.file), **said)
        if not wanted.tag:
            return
    if target.name.startswith(_LAYOUT):
        async with Stores(settings) as stores:
            image = await stores.image(target.name)
        place = target.name.rpartition(f":{image.name}")[0]
        record.add("image-rootless", image.descriptor.digest, outcome, image.name, place=place, **said)
        return
    digest = _in_registry(proof.after) or await saved_digest(engine, proof.after, timeout_s=wanted.build_s)
    record.add("image-rootless", digest, outcome, proof.after.name, **said)


def _in_registry(image: Built) -> str:
    """The digest by which the registry in its name knows it, as far as the engine knows; empty if it has none."""
    if not names_host(image.name) or image.name.startswith("localhost/"):
        return ""
    repository = Reference.parse(image.name)
    wanted = f"{repository.registry}/{repository.repository}@"
    return next((one.removeprefix(wanted) for one in image.repositories if one.startswith(wanted)), "")
