"""Files of manifests patched, all at once: what one mentions may stand in another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.manifests.compose import Read, Service, services
from undercurrent.hardening.manifests.networkpolicy import policies
from undercurrent.hardening.manifests.patching import Change, Patch, Unfixed, Wanted
from undercurrent.hardening.manifests.podpatch import patch_pod
from undercurrent.hardening.manifests.podsecurity import violations
from undercurrent.hardening.manifests.servicechecks import ServiceViolation, service_violations
from undercurrent.hardening.manifests.servicepatch import patch_service
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod, objects, pods
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, Key, edited, parse

__all__ = ["PatchedFile", "patch"]

_Which: TypeAlias = tuple[int, Key]
"""The number of a document, and where a pod is in it."""


@dataclass(frozen=True, slots=True)
class PatchedFile:
    """A file of manifests, as it is and as it should be.

    Attributes:
        name: of the file.
        before: its text.
        after: likewise, patched; the same where nothing is to be done.
        changes: made in it.
        unfixed: what is left as it is, and why.
    """

    name: str
    before: str
    after: str
    changes: tuple[Change, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()


def patch(
    files: Mapping[str, tuple[Document, ...]],
    wanted: Wanted,
    *,
    read: Read | None = None,
    variables: Mapping[str, str] | None = None,
    of: Callable[[Service | Pod], Wanted] | None = None,
) -> tuple[PatchedFile, ...]:
    """Each file, patched: pods pass "restricted", services run without root, and what cannot is told.

    Each pod is tried alone: what does not pass afterwards, by the same checks that Kubernetes makes, is left as it
    was. Nothing is written.

    Args:
        files: documents by the name of their file.
        wanted: how containers are to run.
        read: for compose files, as `services` takes it.
        variables: likewise.
        of: how one of them is to run, where more is known of its images; as ``wanted`` says when None.
    """
    documents = tuple(document for found in files.values() for document in found)
    others = tuple(objects(documents))
    texts = {name: found[0].text for name, found in files.items() if found}
    patches: dict[str, list[Patch]] = {name: [] for name in texts}
    tried_pods = [(pod, _tried_pod(pod, of(pod) if of else wanted, others)) for pod in pods(documents)]
    together = _passing(tried_pods, texts)
    for pod, made in tried_pods:
        checked = made if pod.document.name in together else _checked_pod(pod, made, texts)
        patches[pod.document.name].append(checked)
    for service in services(documents, read=read, variables=variables):
        if service.document.name in texts:  # one that is included stands in a file that was not asked for
            own = of(service) if of else wanted
            made = _tried_service(service, own)
            patches[service.document.name].append(_checked_service(service, made, own, texts))
    edits = _by_file(patches)
    after = {name: edited(text, edits.get(name, ())) for name, text in texts.items()}
    if wanted.network_policy:
        after = {name: text + policies(parse(text, name), others) for name, text in after.items()}
    return tuple(
        PatchedFile(
            name,
            texts[name],
            after[name],
            tuple(_changes(name, patches)),
            tuple(_left(name, patches)),
        )
        for name in texts
    )


def _changes(name: str, patches: Mapping[str, list[Patch]]) -> dict[Change, None]:
    """What is changed in a file; what several pods ask for counts once."""
    own = (change for found in patches[name] for change in found.changes if change.file in ("", name))
    every = (change for found in patches.values() for patch in found for change in patch.changes)
    return dict.fromkeys((*own, *(change for change in every if change.file == name)))


def _left(name: str, patches: Mapping[str, list[Patch]]) -> dict[Unfixed, None]:
    """What is left in a file; what several pods are mentioned by counts once."""
    own = (reason for found in patches[name] for reason in found.unfixed)
    every = (patch for found in patches.values() for patch in found)
    return dict.fromkeys((*own, *(reason for patch in every for reason in patch.mentions.get(name, ()))))


def _by_file(patches: Mapping[str, list[Patch]]) -> dict[str, list[Edit]]:
    edits: dict[str, list[Edit]] = {}
    for found in patches.values():
        for one in found:
            for name, made in one.edits.items():
                edits.setdefault(name, []).extend(made)
    return edits


def _tried_pod(pod: Pod, wanted: Wanted, others: tuple[object, ...]) -> Patch:
    try:
        return patch_pod(pod, wanted, others)  # type: ignore[arg-type]
    except UndercurrentError as error:
        return Patch(unfixed=(Unfixed(pod.title, pod.line(), "form", error.message),))


def _tried_service(service: Service, wanted: Wanted) -> Patch:
    try:
        return patch_service(service, wanted)
    except UndercurrentError as error:
        return Patch(unfixed=(Unfixed(f"service {service.name}", service.line(), "form", error.message),))


def _passing(tried: Sequence[tuple[Pod, Patch]], texts: Mapping[str, str]) -> frozenset[str]:
    """The files all of whose changed pods pass once all of them are changed: those need not be tried one by one."""
    edits: dict[str, list[Edit]] = {}
    changed: dict[str, set[_Which]] = {}
    for pod, made in tried:
        if made.edits:
            changed.setdefault(pod.document.name, set()).add((pod.document.number, pod.key))
        for name, found in made.edits.items():
            edits.setdefault(name, []).extend(found)
    good: set[str] = set()
    for name, which in changed.items():
        try:
            after = pods(parse(edited(texts[name], edits.get(name, ())), name))
        except (UndercurrentError, ValueError):
            continue
        passing = {(pod.document.number, pod.key) for pod in after if not violations(pod, "restricted")}
        if which <= passing:
            good.add(name)
    return frozenset(good)


def _checked_pod(pod: Pod, made: Patch, texts: Mapping[str, str]) -> Patch:
    """The patch, if the pod passes with it."""
    name = pod.document.name
    if not made.edits:
        return made
    after = next(_again(edited(texts[name], made.edits.get(name, ())), pod), None)
    if after is not None and not violations(after, "restricted"):
        return made
    return Patch(unfixed=(Unfixed(pod.title, pod.line(), "form", _("it cannot be changed with certainty")),))


def _again(text: str, pod: Pod) -> Iterator[Pod]:
    try:
        documents = parse(text, pod.document.name)
    except UndercurrentError:
        return
    yield from (one for one in pods(documents) if (one.document.number, one.key) == (pod.document.number, pod.key))


def _checked_service(service: Service, made: Patch, wanted: Wanted, texts: Mapping[str, str]) -> Patch:
    if not made.edits:
        return made
    names = dict.fromkeys((service.document.name, service.over.name if service.over else service.document.name))
    try:
        parts = [parse(edited(texts[name], made.edits.get(name, ())), name) for name in names]
    except UndercurrentError:
        parts = []
    documents = tuple(document for part in parts for document in part)
    after = next((one for one in services(documents) if one.name == service.name), None)
    if after is not None and ("extends" in after.data or not any(_stands(after, wanted))):
        return made
    reason = _("it cannot be changed with certainty")
    return Patch(unfixed=(Unfixed(f"service {service.name}", service.line(), "form", reason),))


def _stands(service: Service, wanted: Wanted) -> Iterator[ServiceViolation]:
    """What is wrong with a service; that it names no user is not, where its image does."""
    named = bool(wanted.user) and not service.user
    yield from (one for one in service_violations(service) if not (named and one.check == "user"))
