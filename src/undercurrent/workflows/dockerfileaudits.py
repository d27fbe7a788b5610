"""Audits many Dockerfiles: in several processes where that pays, with what can be found out of their base images."""

import asyncio
import os
import posixpath
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from undercurrent.errors import ConfigError, UndercurrentError
from undercurrent.findings import Finding
from undercurrent.hardening.auditing.dockerfiles import AuditedFile, Wanted, audit_dockerfile
from undercurrent.hardening.auditing.hadolinting import find_hadolint, imported, run_hadolint
from undercurrent.hardening.dockerfile import Dockerfile, parse
from undercurrent.hardening.model import BaseImage, Context, Identity, configured, known
from undercurrent.hardening.model.documented import SCRATCH
from undercurrent.i18n import translate as _
from undercurrent.progress import Advanced, Finished, Observer, Started, silent
from undercurrent.settings import HardenSettings, Settings
from undercurrent.workflows.bases import FoundBases, find_bases, siblings
from undercurrent.workflows.discovering import FoundFile
from undercurrent.workflows.reading import read_bounded

__all__ = ["Job", "audit_dockerfiles", "hadolint_findings"]

_POOL_FROM: Final = 64
"""Files for which starting other processes pays."""
_TOGETHER: Final = 16


@dataclass(frozen=True, slots=True)
class Job:
    """A Dockerfile to look at.

    Attributes:
        file: where it is.
        context: the folder that it is built with.
        wanted: targets; the last stage where there are none.
        more: what another program found in it.
        harden: settings of base images.
        bases: what was found out of base images, beside the settings and what is built in.
        edits: findings come with the edits of safe fixes.
    """

    file: FoundFile
    context: Path
    wanted: tuple[Wanted, ...] = ()
    more: tuple[Finding, ...] = ()
    harden: HardenSettings = field(default_factory=HardenSettings)
    bases: Mapping[str, BaseImage] = field(default_factory=dict)
    edits: bool = False


async def audit_dockerfiles(
    jobs: Sequence[Job], settings: Settings, *, observer: Observer = silent
) -> tuple[dict[FoundFile, AuditedFile | UndercurrentError], Mapping[str, UndercurrentError]]:
    """What is found in each; an error where it could not be looked at. And why base images are not known, by name.

    Args:
        jobs: what to look at.
        settings: where to ask for base images.
        observer: is told what happens.
    """
    results = {file: result async for file, result in _worked(jobs, observer)}
    found = await _bases(results, settings, observer)
    bases = {name: base for name, base in found.items() if base is not None}
    again = [replace(job, bases=bases) for job in jobs if _knows_more(results[job.file], bases)]
    results |= {file: result async for file, result in _worked(again, observer)}
    return results, {name: note for name, note in found.notes.items() if name not in found or name in _lacking(results)}


def _lacking(results: Mapping[FoundFile, AuditedFile | UndercurrentError]) -> frozenset[str]:
    """Images that decide who runs somewhere, and of which nobody knows it."""
    read = (one for one in results.values() if isinstance(one, AuditedFile))
    return frozenset(
        name for one in read if any(image.identity is Identity.UNKNOWN for image in one.images) for name in one.bases
    )


async def _bases(
    results: Mapping[FoundFile, AuditedFile | UndercurrentError], settings: Settings, observer: Observer
) -> FoundBases:
    """What is found out of base images beyond what every process knows: in stores, and in Dockerfiles at hand."""
    read = [one for one in results.values() if isinstance(one, AuditedFile)]
    names = {name for one in read for name in one.bases}
    named = {name for one in read for name in one.named}
    known_here = {name for name in names if _built_in(name, settings.harden)}
    asking = not settings.harden.offline or bool(settings.images.layouts)
    wanted = names if asking else names - known_here
    if not wanted:
        return FoundBases({})
    built = siblings(tuple(_candidates(results, names - known_here)), names - known_here)
    return await find_bases(wanted, settings, named=named, built=built, observer=observer)


def _candidates(files: Iterable[FoundFile], names: Iterable[str]) -> Iterator[Dockerfile]:
    """The Dockerfiles that may build one of ``names``: those in a folder of that name."""
    parts = {part for name in names for part in re.split("[/:@]", name)}
    for file in files:
        if file.path.parent.name in parts or file.path.parent.parent.name in parts:
            with suppress(UndercurrentError):
                yield parse(read_bounded(file.path, file.name), str(file.path))


def _knows_more(result: AuditedFile | UndercurrentError, found: Mapping[str, BaseImage]) -> bool:
    return isinstance(result, AuditedFile) and not found.keys().isdisjoint(result.bases)


async def hadolint_findings(
    files: Sequence[FoundFile], how: str, observer: Observer
) -> tuple[Mapping[str, tuple[Finding, ...]], tuple[str, ...]]:
    """What hadolint finds, by the names of files; and the programs that were used.

    Args:
        files: Dockerfiles.
        how: ``auto`` if it is there, ``off``, or a file with its JSON.
        observer: is told what happens.

    Raises:
        ConfigError: the file cannot be used.
        UndercurrentError: what the program says cannot be used.
    """
    if how == "off" or not files:
        return {}, ()
    names = {str(file.path): file.name for file in files} | {file.name: file.name for file in files}
    if how != "auto":
        try:
            return imported(await asyncio.to_thread(read_bounded, Path(how), how), names, how), ("hadolint",)
        except UndercurrentError as error:
            hint = _("`hadolint --no-fail -f json FILE... > {path}` writes one").format(path=how)
            raise ConfigError(error.message, hint=hint) from error
    program = find_hadolint()
    if program is None:
        return {}, ()
    observer(Started("hadolint"))
    try:
        said = await run_hadolint(program, [file.path for file in files])
    finally:
        observer(Finished("hadolint"))
    return imported(said, names, str(program)), ("hadolint",)


async def _worked(
    jobs: Sequence[Job], observer: Observer
) -> AsyncIterator[tuple[FoundFile, AuditedFile | UndercurrentError]]:
    name = _("audit")
    observer(Started(name, len(jobs)))
    try:
        with _executor(len(jobs)) as executor:
            loop = asyncio.get_running_loop()
            groups = [jobs[start : start + _TOGETHER] for start in range(0, len(jobs), _TOGETHER)]
            waiting = [loop.run_in_executor(executor, _all, group) if executor else None for group in groups]
            for group, future in zip(groups, waiting, strict=True):
                results = await future if future is not None else _all(group)
                for job, result in zip(group, results, strict=True):
                    yield job.file, result
                observer(Advanced(name, steps=len(group), item=group[-1].file.name))
    finally:
        observer(Finished(name))


@contextmanager
def _executor(count: int) -> Iterator[Executor | None]:
    """Other processes, where there are so many files that they pay."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count < _POOL_FROM or processors == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - brings in much of multiprocessing

    with ProcessPoolExecutor(processors) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _all(jobs: Sequence[Job]) -> list[AuditedFile | UndercurrentError]:
    return [_one(job) for job in jobs]


def _one(job: Job) -> AuditedFile | UndercurrentError:
    file = job.file
    try:
        source = read_bounded(file.path, file.name)
        return audit_dockerfile(
            source,
            file.name,
            find_base=lambda name: job.bases.get(name) or _built_in(name, job.harden),
            context=_context(job),
            wanted=job.wanted,
            more=job.more,
            folder=_folder(job) if job.edits else None,
            uid=job.harden.uid,
        )
    except UndercurrentError as error:
        return error


def _folder(job: Job) -> str:
    """The build context as findings call it; of a repository that was cloned, below its address."""
    address, below, name = job.file.name.rpartition("//")
    way = os.path.relpath(job.context, job.file.path.parent)
    return address + below + posixpath.normpath(posixpath.join(posixpath.dirname(name), way))


def _context(job: Job) -> Context:
    """With ``NAME.dockerignore`` beside the Dockerfile, which may be in another folder."""
    return Context.of(job.context, os.path.relpath(job.file.path, job.context))


def _built_in(name: str, harden: HardenSettings) -> BaseImage | None:
    return configured(name, harden.bases) or (known(name) if harden.builtin_bases or name == SCRATCH else None)
