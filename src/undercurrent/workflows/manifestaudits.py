"""Audits manifests and compose files, and learns from them which images run where."""

import asyncio
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from undercurrent.errors import UndercurrentError
from undercurrent.findings import Finding, Place
from undercurrent.hardening.auditing.baseline import fingerprinted
from undercurrent.hardening.auditing.dockerfiles import AuditedFile, Wanted, by_place
from undercurrent.hardening.auditing.ignoring import applied, in_yaml
from undercurrent.hardening.auditing.ranking import Use
from undercurrent.hardening.auditing.uses import built_by, reached, use_of_pod, use_of_service
from undercurrent.hardening.manifests.compose import Service, overlaid, services
from undercurrent.hardening.manifests.rendering import render_chart, render_kustomization, source_of
from undercurrent.hardening.model.documented import normal_name
from undercurrent.hardening.rules.manifests import in_pods, in_services
from undercurrent.kube import Object, Pod, pods
from undercurrent.splices import as_text
from undercurrent.workflows.composing import Reader, variables_of
from undercurrent.workflows.discovering import FileKind, FoundFile
from undercurrent.workflows.kustomized import kustomized, told_once
from undercurrent.workflows.reading import read_bounded
from undercurrent.yamltext import Document, parse

__all__ = ["AuditedManifests", "Building", "audit_manifests"]


@dataclass(frozen=True, slots=True)
class Building:
    """How a compose file builds an image from a Dockerfile, and runs it."""

    context: Path
    wanted: Wanted
    use: Use


@dataclass(slots=True)
class AuditedManifests:
    """What was found, and who runs what.

    Attributes:
        results: by file; an error where it could not be looked at.
        building: by the path of the Dockerfile.
        images: paths of the Dockerfiles that build an image, by its repository and tag.
        uses: places that run an image which they do not build, by its name.
    """

    results: dict[FoundFile, AuditedFile | UndercurrentError] = field(default_factory=dict)
    building: dict[Path, list[Building]] = field(default_factory=dict)
    images: dict[tuple[str, str], Path] = field(default_factory=dict)
    uses: dict[tuple[str, str], list[Use]] = field(default_factory=dict)

    def uses_of(self, path: Path) -> tuple[tuple[str, Use], ...]:
        """The places that run what the Dockerfile at ``path`` builds, each with the target that it wants."""
        found = [(one.wanted.target, one.use) for one in self.building.get(path, ())]
        for name, dockerfile in self.images.items():
            if dockerfile == path:
                found += [("", use) for use in self.uses.get(name, ())]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Manifest:
    file: FoundFile
    text: str
    documents: tuple[Document, ...]
    rendered: bool = False


async def audit_manifests(files: Sequence[FoundFile]) -> AuditedManifests:
    """What the rules find in compose files, manifests, charts and kustomizations; the latter as they are rendered."""
    found = AuditedManifests()
    manifests: list[_Manifest] = []
    for file in files:
        if file.kind is FileKind.DOCKERFILE:
            continue
        try:
            name = posixpath.dirname(file.name) or "." if _is_rendered(file) else file.name
            text = await _text(file, name)
            manifests.append(_Manifest(file, text, parse(text, name), _is_rendered(file)))
        except UndercurrentError as error:
            found.results[file] = error
    built = kustomized([one.file for one in manifests if one.file.kind is FileKind.KUSTOMIZE], files)
    # What is built of them is what runs.
    parts = {file for one in built for file in (*one.resources, *one.patches, *one.others)}
    outside = reached(document for one in manifests for document in one.documents)
    over = _laid_over(manifests)
    for manifest in (one for one in manifests if one not in over.values()):
        try:
            _audit(manifest, over.get(manifest.file), outside, found, runs=manifest.file not in parts)
        except UndercurrentError as error:
            found.results[manifest.file] = error
        await asyncio.sleep(0)
    found.results = told_once(found.results, built)
    return found


def _laid_over(manifests: Iterable[_Manifest]) -> dict[FoundFile, _Manifest]:
    """Compose files that are laid over others, by those."""
    compose = [(document, one) for one in manifests if one.file.kind is FileKind.COMPOSE for document in one.documents]
    files = {one.file.name: one.file for _document, one in compose}
    return {files[base]: compose[at][1] for base, at in overlaid([document for document, _one in compose])}


def _is_rendered(file: FoundFile) -> bool:
    return file.kind in {FileKind.HELM, FileKind.KUSTOMIZE}


async def _text(file: FoundFile, name: str) -> str:
    if file.kind is FileKind.HELM:
        return await render_chart(file.path.parent, name)
    if file.kind is FileKind.KUSTOMIZE:
        return await render_kustomization(file.path.parent, name)
    return as_text(read_bounded(file.path, name))


def _audit(
    manifest: _Manifest, over: _Manifest | None, outside: Sequence[Object], found: AuditedManifests, *, runs: bool
) -> None:
    if manifest.file.kind is FileKind.COMPOSE:
        findings = tuple(_of_services(manifest, over, found))
    else:
        findings = tuple(_of_pods(pods(manifest.documents), outside, found, runs=runs))
    if manifest.rendered:
        # Its lines are those of what was rendered, which nobody has; the template is told.
        findings = tuple(_from_template(one, manifest) for one in findings)
        found.results[manifest.file] = AuditedFile((), fingerprinted(by_place(findings), lambda _line: ""))
        return
    for one in (manifest, over) if over else (manifest,):
        own = [finding for finding in findings if finding.place.name == one.file.name]
        found.results[one.file] = _audited(one, own)


def _audited(manifest: _Manifest, findings: Iterable[Finding]) -> AuditedFile:
    kept, ignored = applied(by_place(findings), in_yaml(manifest.text), manifest.file.name)
    lines = manifest.text.splitlines()
    done = fingerprinted(by_place(kept), lambda line: lines[line - 1] if 0 < line <= len(lines) else "")
    return AuditedFile((), done, ignored)


def _of_services(manifest: _Manifest, over: _Manifest | None, found: AuditedManifests) -> Iterator[Finding]:
    """What is found in a compose file, and in the one that is laid over it."""
    folder, top = manifest.file.path.parent, manifest.file.top.resolve()
    documents = (*manifest.documents, *(over.documents if over else ()))
    for service in services(documents, read=Reader(folder, top), variables=variables_of(folder)):
        findings = in_services((service,))
        yield from findings
        _learn(service, use_of_service(service, findings), folder, found)


def _learn(service: Service, use: Use, folder: Path, found: AuditedManifests) -> None:
    built = built_by(service)
    if built is None:
        if service.image:
            found.uses.setdefault(_called(service.image), []).append(use)
        return
    dockerfile = Path(posixpath.normpath(folder / built.dockerfile))
    context = Path(posixpath.normpath(folder / built.context))
    found.building.setdefault(dockerfile, []).append(Building(context, built.wanted, use))
    if service.image:
        found.images[_called(service.image)] = dockerfile


def _called(image: str) -> tuple[str, str]:
    """Repository and tag; that of a digest is not told by names, and taken for the newest."""
    return normal_name(image.partition("@")[0])


def _of_pods(
    running: Iterable[Pod], outside: Sequence[Object], found: AuditedManifests, *, runs: bool
) -> Iterator[Finding]:
    for pod in running:
        findings = in_pods((pod,))
        yield from findings
        use = use_of_pod(pod, outside, findings)
        for container in pod.containers:
            if container.image and runs:
                found.uses.setdefault(_called(container.image), []).append(use)


def _from_template(finding: Finding, manifest: _Manifest) -> Finding:
    """At the template, as a path: Helm names it by the chart, whose folder may be called otherwise."""
    _chart, _slash, path = source_of(manifest.text, finding.place.line).partition("/")
    folder = posixpath.dirname(manifest.file.name)
    return replace(finding, place=Place(posixpath.join(folder, path) if path else manifest.file.name))
