"""Manifests patched where they lie: read, changed so that containers run without root, shown or written."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from undercurrent.errors import NotFound, UndercurrentError
from undercurrent.fleet import Failed
from undercurrent.hardening.fixing import FixPlan
from undercurrent.hardening.fixing.following import builds, built_from
from undercurrent.hardening.manifests import violations
from undercurrent.hardening.manifests.chartvalues import proposed_values
from undercurrent.hardening.manifests.compose import Service, overlaid, services
from undercurrent.hardening.manifests.patched import PatchedFile, patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.manifests.podsecurity import Violation
from undercurrent.hardening.manifests.rendering import render_chart, render_kustomization, source_of
from undercurrent.hardening.model.nouns import BaseImage, Identity
from undercurrent.hardening.numbers import as_number, is_root
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod, pods
from undercurrent.progress import Advanced, Finished, Observer, Started, silent
from undercurrent.settings import Settings
from undercurrent.splices import as_bytes, as_text
from undercurrent.workflows.bases import find_bases
from undercurrent.workflows.composing import Reader, variables_of
from undercurrent.workflows.discovering import FileKind, FoundFile, find_files
from undercurrent.workflows.fixing import Wish, fix
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.reading import read_bounded
from undercurrent.yamltext import Document, parse

__all__ = ["Patched", "Rendered", "patch_manifests"]

_JOB: Final = "patch manifests"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a chart or a kustomization makes, which is not edited.

    Attributes:
        name: of its folder.
        kind: which of the two.
        violations: what "restricted" forbids in it, with the template that it comes from.
        values: for a chart, values that mend it, as far as it has such.
        left: what they do not mend.
    """

    name: str
    kind: FileKind
    violations: tuple[tuple[str, Violation], ...] = ()
    values: str = ""
    left: tuple[tuple[str, Violation], ...] = ()


@dataclass(frozen=True, slots=True)
class Patched:
    """All that was looked at.

    Attributes:
        files: patched, in the order of names.
        rendered: charts and kustomizations.
        unread: what could not be looked at.
        written: the files were changed.
    """

    files: tuple[PatchedFile, ...] = ()
    rendered: tuple[Rendered, ...] = ()
    unread: tuple[Failed, ...] = ()
    written: bool = False


@dataclass(slots=True)
class _Read:
    paths: dict[str, Path] = field(default_factory=dict)
    files: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    unread: list[Failed] = field(default_factory=list)


async def patch_manifests(
    paths: Sequence[Path], wanted: Wanted, settings: Settings, *, write: bool = False, observer: Observer = silent
) -> Patched:
    """Patches the manifests at and below ``paths``.

    Images that are known to run as somebody other than root keep that user. A service that is built from a Dockerfile
    at hand gets what its image needs besides: folders to write to.

    Args:
        paths: files and folders.
        wanted: how containers are to run.
        settings: what is known of base images.
        write: changes the files; else they are only shown as they would be.
        observer: is told what happens.

    Raises:
        NotFound: one of ``paths`` is not there, or there is nothing to look at.
        EnvironmentLacks: a file cannot be written.
    """
    found = await asyncio.to_thread(find_files, paths)
    kinds = (FileKind.COMPOSE, FileKind.KUBERNETES)
    plain = [file for file in found if file.kind in kinds]
    charts = [file for file in found if file.kind in (FileKind.HELM, FileKind.KUSTOMIZE)]
    if not plain and not charts:
        raise NotFound(
            _("there is no manifest at {paths}").format(paths=", ".join(map(str, paths))),
            hint=_("name Kubernetes or compose files, a Helm chart, or a folder with such"),
        )
    observer(Started(_JOB, len(found)))
    read = await asyncio.to_thread(_read_all, plain)
    cluster = {file.name: read.files[file.name] for file in plain if _is_of_cluster(file) and file.name in read.files}
    projects = await asyncio.to_thread(_projects, read, plain)
    known = _Known(
        await _plans(paths, found, projects, settings), await find_bases(_images(cluster, projects), settings)
    )
    files = await asyncio.to_thread(_patched, cluster, projects, wanted, known)
    if write:
        for file in files:
            if file.after != file.before:
                keep(as_bytes(file.after), read.paths[file.name])
    observer(Advanced(_JOB, len(plain)))
    rendered = [one async for one in _rendered(charts, wanted, read.unread, observer)]
    observer(Finished(_JOB))
    return Patched(files, tuple(rendered), tuple(read.unread), write)


def _read_all(found: Iterable[FoundFile]) -> _Read:
    read = _Read()
    for file in found:
        try:
            read.files[file.name] = _documents(file.path, file.name)
            read.paths[file.name] = file.path
        except UndercurrentError as error:
            read.unread.append(Failed(file.name, error))
    return read


def _documents(path: Path, name: str) -> tuple[Document, ...]:
    return parse(as_text(read_bounded(path, name)), name)


def _is_of_cluster(file: FoundFile) -> bool:
    return file.kind is FileKind.KUBERNETES


@dataclass(frozen=True, slots=True)
class _Project:
    """A compose file with what is laid over it, read as compose reads them.

    Attributes:
        files: their documents, by name.
        read: gives what they name.
        variables: that they are given.
        services: of them, and of what they include.
    """

    files: Mapping[str, tuple[Document, ...]]
    read: Reader
    variables: Mapping[str, str]
    services: tuple[Service, ...]


def _projects(read: _Read, found: Sequence[FoundFile]) -> tuple[_Project, ...]:
    compose = {file.name: file for file in found if not _is_of_cluster(file) and file.name in read.files}
    return tuple(
        _project({name: read.files[name] for name in together}, compose[together[0]])
        for together in _laid_together({name: read.files[name] for name in compose})
    )


def _project(files: Mapping[str, tuple[Document, ...]], first: FoundFile) -> _Project:
    folder = first.path.parent
    reader, variables = Reader(folder, first.top.resolve()), variables_of(folder)
    documents = (document for found in files.values() for document in found)
    return _Project(files, reader, variables, services(documents, read=reader, variables=variables))


async def _plans(
    paths: Sequence[Path], found: Iterable[FoundFile], projects: Iterable[_Project], settings: Settings
) -> tuple[FixPlan, ...]:
    """What is known of the images that compose files have built here."""
    built = [service for project in projects for service in project.services if service.build]
    dockerfiles = [
        file.path
        for file in found
        if file.kind is FileKind.DOCKERFILE and any(built_from(service, file.name) for service in built)
    ]
    return (await fix(paths, settings, Wish(), only=dockerfiles)).plans if dockerfiles else ()


def _images(cluster: Mapping[str, Iterable[Document]], projects: Iterable[_Project]) -> set[str]:
    """The names of the images that manifests run."""
    running = pods(document for documents in cluster.values() for document in documents)
    names = {container.image for pod in running for container in pod.containers}
    names |= {one.image for project in projects for one in project.services if one.build is None}
    return names - {""}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of images: of those that are built here, and of others, by name."""

    plans: tuple[FixPlan, ...]
    bases: Mapping[str, BaseImage | None]

    def wanted(self, one: Service | Pod, wanted: Wanted) -> Wanted:
        """How a service or a pod is to run."""
        if isinstance(one, Pod):
            return replace(wanted, user=self._number(one))
        made = next((plan for plan in self.plans if builds(one, plan.image.dockerfile, plan.image.stage)), None)
        if made is None or made.run is None:
            return replace(wanted, user=self._user(one.image) if one.build is None else "")
        runner, declared = made.image.runner, made.image.volumes
        return replace(
            wanted,
            writable=tuple(dict.fromkeys((*wanted.writable, *(state.path for state in made.run.tmpfs)))),
            user=runner.text if runner.identity is Identity.ROOTLESS else "",
            lasting=tuple(state.path for state in made.run.volumes if state.path not in declared),
        )

    def _user(self, image: str) -> str:
        """Whom an image runs as; empty for root, and where nobody knows."""
        base = self.bases.get(image)
        return "" if base is None or is_root(base.user) else base.user

    def _number(self, pod: Pod) -> str:
        """The number of somebody in it, if all its images have one of their own."""
        users = [self._user(one.image) for one in pod.containers if not one.security.get("runAsUser")]
        known = all(as_number(user.partition(":")[0]) for user in users)
        return users[0].partition(":")[0] if users and known else ""


def _patched(
    cluster: Mapping[str, tuple[Document, ...]], projects: Iterable[_Project], wanted: Wanted, known: _Known
) -> tuple[PatchedFile, ...]:
    """Kubernetes' files together, as they name one another; a compose file with what is laid over it."""

    def of(one: Service | Pod) -> Wanted:
        return known.wanted(one, wanted)

    made = list(patch(cluster, wanted, of=of)) if cluster else []
    for project in projects:
        made += patch(project.files, wanted, read=project.read, variables=project.variables, of=of)
    return tuple(sorted(made, key=lambda one: one.name))


def _laid_together(files: Mapping[str, tuple[Document, ...]]) -> Iterator[tuple[str, ...]]:
    """The names of compose files that count as one."""
    every = [document for documents in files.values() for document in documents]
    over = {base: every[at].name for base, at in overlaid(every)}
    yield from ((name, over[name]) if name in over else (name,) for name in files if name not in over.values())


async def _rendered(
    found: Iterable[FoundFile], wanted: Wanted, unread: list[Failed], observer: Observer
) -> AsyncIterator[Rendered]:
    for file in found:
        folder = file.path.parent
        name = str(Path(file.name).parent)
        try:
            if file.kind is FileKind.HELM:
                yield await _chart(name, folder, wanted)
            else:
                text = await render_kustomization(folder, name)
                yield Rendered(name, file.kind, tuple(_wrong(text, name)))
        except UndercurrentError as error:
            unread.append(Failed(file.name, error))
        observer(Advanced(_JOB, item=file.name))


async def _chart(name: str, folder: Path, wanted: Wanted) -> Rendered:
    text = await render_chart(folder, name)
    wrong = tuple(_wrong(text, name))
    values = folder / "values.yaml"
    if not wrong or not values.is_file():
        return Rendered(name, FileKind.HELM, wrong, left=wrong)
    documents = _documents(values, f"{name}/values.yaml")
    proposed = proposed_values(documents[0], wanted) if documents else ""
    if not proposed:
        return Rendered(name, FileKind.HELM, wrong, left=wrong)
    left = tuple(_wrong(await _with_values(folder, name, proposed), name))
    mends = len(left) < len(wrong)
    return Rendered(name, FileKind.HELM, wrong, proposed if mends else "", left if mends else wrong)


async def _with_values(folder: Path, name: str, values: str) -> str:
    with tempfile.TemporaryDirectory(prefix="uc-values-") as scratch:
        path = Path(scratch) / "values.yaml"
        path.write_text(values, encoding="utf-8")
        return await render_chart(folder, name, [path])


def _wrong(text: str, name: str) -> Iterator[tuple[str, Violation]]:
    for pod in pods(parse(text, name)):
        for found in violations(pod, "restricted"):
            yield source_of(text, pod.line()) or name, found
