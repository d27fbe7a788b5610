"""Proves that what a Dockerfile builds, or an image, runs without root; records that, and writes it for signing."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from undercurrent.errors import NotFound, UsageError
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
    is_root,
    prove,
)
from undercurrent.hardening.proving.building import Recipe, built
from undercurrent.hardening.proving.leftovers import sweep
from undercurrent.hardening.proving.predicate import as_json
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.recording import recording

__all__ = ["NOTHING_BEFORE", "Wanted", "file_of", "outcome_of", "prove_target"]

NOTHING_BEFORE: Final = "none"
_FILES: Final = ("Dockerfile", "Containerfile")
_MOST: Final = 16 * 1024 * 1024


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


async def prove_target(wanted: Wanted, settings: Settings, *, observer: Observer = silent) -> Proof:
    """Proves it, records the outcome, and writes the predicate.

    Raises:
        UsageError, NotFound: the target is nothing that can be proved.
        MissingTool, EnvironmentLacks: there is no engine.
        Refused: it does not build.
        CouldNotCheck: the engine does not do its part.
    """
    engine = await find_engine(wanted.engine)
    await sweep(engine)
    async with AsyncExitStack() as closing:
        after = await closing.enter_async_context(_image(engine, wanted.target, wanted, tag=wanted.tag))
        before: Built | None = after
        if wanted.before == NOTHING_BEFORE:
            before = None
        elif wanted.before is not None:
            before = await closing.enter_async_context(_image(engine, wanted.before, wanted))
        proving = Proving(
            engine,
            after,
            before,
            wanted.probe,
            wanted.probe_before,
            wanted.patience,
            wanted.capabilities_before,
            propose=wanted.propose,
            shrink=wanted.shrink,
            observer=observer,
        )
        proof = await prove(proving, wanted.conditions)
    _record(proof, wanted, settings)
    if wanted.predicate is not None:
        keep(json.dumps(as_json(proof), indent=2, ensure_ascii=False) + "\n", wanted.predicate)
    return proof


@asynccontextmanager
async def _image(engine: Engine, target: str, wanted: Wanted, *, tag: str = "") -> AsyncIterator[Built]:
    file = file_of(target)
    if file is None:
        yield await image_of(engine, target, timeout_s=wanted.build_s)
        return
    recipe = Recipe(str(file), _read(file), file.parent, wanted.stage, wanted.arguments, wanted.build_network, tag)
    async with built(engine, recipe, timeout_s=wanted.build_s) as image:
        yield image


def file_of(target: str) -> Path | None:
    """The Dockerfile that ``target`` means; None if it is the name of an image.

    Raises:
        NotFound: it is a path, and no Dockerfile is there.
    """
    path = Path(target)
    if path.is_dir():
        for name in _FILES:
            if (path / name).is_file():
                return path / name
        raise NotFound(
            _("{path} has no Dockerfile").format(path=path), hint=_("name the file: {path}/NAME").format(path=path)
        )
    if path.is_file():
        return path
    if target.startswith(("/", "./", "../", "~")):
        raise NotFound(_("{path} does not exist").format(path=target))
    return None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST + 1)
    except OSError as error:
        raise UsageError(_("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))) from error
    if len(text) > _MOST:
        raise UsageError(_("{path} is too large for a Dockerfile").format(path=file))
    return text


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


def _record(proof: Proof, wanted: Wanted, settings: Settings) -> None:
    """An image that has a name counts among those of an estate; one that is gone with its proof does not."""
    outcome = outcome_of(proof)
    with recording(settings) as record:
        if not proof.after.built or wanted.tag:
            digest = proof.after.manifest or proof.after.id
            record.add("image-rootless", digest, outcome, proof.after.name, **as_json(proof))
        if (file := file_of(wanted.target)) is not None:
            record.add("dockerfile-rootless", str(file), outcome, str(file), **as_json(proof))
