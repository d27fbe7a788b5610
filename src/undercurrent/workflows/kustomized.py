"""Says what is in a kustomization once: at the file that has the line, if what is built of it still has it."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from undercurrent.errors import UndercurrentError
from undercurrent.findings import Finding
from undercurrent.hardening.auditing.dockerfiles import AuditedFile
from undercurrent.hardening.auditing.doubles import not_said, still_so
from undercurrent.hardening.manifests.kustomizations import parts
from undercurrent.splices import as_text
from undercurrent.workflows.discovering import FileKind, FoundFile
from undercurrent.workflows.reading import read_bounded
from undercurrent.yamltext import parse

__all__ = ["Kustomized", "kustomized", "told_once"]


@dataclass(frozen=True, slots=True)
class Kustomized:
    """A kustomization that was built and that no other one takes in, and the files at hand that it is made of.

    Attributes:
        file: its own.
        resources: with objects.
        patches: with changes to objects.
        others: of the kustomizations that it takes in.
    """

    file: FoundFile
    resources: frozenset[FoundFile]
    patches: frozenset[FoundFile]
    others: frozenset[FoundFile]


def kustomized(built: Iterable[FoundFile], files: Sequence[FoundFile]) -> tuple[Kustomized, ...]:
    """What is made of which of ``files``.

    Args:
        built: the kustomizations that could be built.
        files: all that there are to look at.
    """
    by_path = {file.path: file for file in files if file.kind in {FileKind.KUBERNETES, FileKind.KUSTOMIZE}}
    by_path |= {file.path.parent: file for file in files if file.kind is FileKind.KUSTOMIZE}
    found = [_made_of(file, by_path) for file in built]
    taken_in = {other for one in found for other in one.others}
    return tuple(one for one in found if one.file not in taken_in)


def _made_of(file: FoundFile, by_path: Mapping[Path, FoundFile]) -> Kustomized:
    resources: set[FoundFile] = set()
    patches: set[FoundFile] = set()
    others: set[FoundFile] = set()
    waiting = [file]
    while waiting:
        one = waiting.pop()
        with suppress(UndercurrentError):  # whoever builds it says why that does not work
            named = parts(parse(as_text(read_bounded(one.path, one.name)), one.name))
            patches |= _files(one, named.patches, by_path)
            for part in _files(one, named.resources, by_path):
                if part.kind is not FileKind.KUSTOMIZE:
                    resources.add(part)
                elif part not in others and part != file:
                    others.add(part)
                    waiting.append(part)
    return Kustomized(file, frozenset(resources), frozenset(patches - resources), frozenset(others))


def _files(file: FoundFile, names: Iterable[str], by_path: Mapping[Path, FoundFile]) -> set[FoundFile]:
    paths = (Path(posixpath.normpath(file.path.parent / name)) for name in names)
    return {by_path[path] for path in paths if path in by_path}


def told_once(
    results: Mapping[FoundFile, AuditedFile | UndercurrentError], built: Iterable[Kustomized]
) -> dict[FoundFile, AuditedFile | UndercurrentError]:
    """The results without what is said twice, and without what is said of files that nobody runs as they are.

    What a resource has and what is built of it has, too, is said at the resource, where its line is. What a patch
    mended is not said at all, and what it brought is said at the kustomization.
    """
    looked = {file: result for file, result in results.items() if isinstance(result, AuditedFile)}
    built = tuple(one for one in built if one.file in looked)
    once = dict(results)
    for one in built:
        once |= dict.fromkeys((*one.patches, *one.others), AuditedFile())
        said = [finding for file in one.resources if file in looked for finding in _all(looked[file])]
        once[one.file] = replace(looked[one.file], findings=not_said(looked[one.file].findings, said))
    for file in {file for one in built for file in one.resources if file in looked}:
        rendered = [finding for one in built if file in one.resources for finding in looked[one.file].findings]
        findings = still_so(looked[file].findings, rendered)
        kept = still_so((one.finding for one in looked[file].ignored), rendered)
        ignored = tuple(one for one in looked[file].ignored if one.finding in kept)
        once[file] = replace(looked[file], findings=findings, ignored=ignored)
    return once


def _all(result: AuditedFile) -> tuple[Finding, ...]:
    """Also what somebody ignores: that was said as well."""
    return (*result.findings, *(one.finding for one in result.ignored))
