"""What refers to a manifest: the referrers API, and the tag that stands in for it where it is missing.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers and
…#referrers-tag-schema
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from undercurrent.errors import BadContent, NotFound, TooLarge, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import NOTHING, Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import MAX_DESCRIPTORS, AnyManifest, Index, Manifest, build_index, parse
from undercurrent.oci.registry.amending import amend
from undercurrent.oci.registry.answers import codes_in
from undercurrent.oci.registry.pages import answers
from undercurrent.oci.store import Amended

if TYPE_CHECKING:
    from undercurrent.oci.registry.repository import Repository

__all__ = ["FallbackList", "fallback_tag", "list_referrer", "read_referrers"]

_NO_API: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_ACCEPTABLE})
_MOST_LOOKS: Final = 5
_LAG_S: Final = 0.1


def fallback_tag(subject: Digest) -> str:
    """The tag under which the referrers of ``subject`` are listed where there is no API."""
    return f"{subject.algorithm[:32]}-{subject.encoded[:64]}"


async def read_referrers(repository: "Repository", subject: Digest) -> tuple[Descriptor, ...]:
    """All manifests that name ``subject`` as their subject, each with its true artifact type.

    The registry's own filter is not used: an entry whose artifact type was written wrongly, as some writers did
    (https://github.com/kyverno/kyverno/issues/16664), would be filtered away before it can be looked at.

    Raises:
        CouldNotCheck, Unauthorized: nobody knows what there is.
        BadContent: the list cannot be read.
    """
    found = await _from_api(repository, subject)
    if found is None:
        found = list(await _fallback(repository, subject))
    unique = {entry.digest: entry for entry in found}
    return tuple([await _with_true_kind(repository, entry) for entry in unique.values()])


async def _from_api(repository: "Repository", subject: Digest, *, again: bool = False) -> list[Descriptor] | None:
    """What the referrers API lists; None where there is no such API."""
    registry = repository.registry
    if registry.has_referrers is False:
        return None
    found: list[Descriptor] = []
    url, headers = repository.path("referrers", subject), {"Accept": mediatypes.OCI_INDEX}
    async for answer in answers(registry, url, repository.reading, repository=repository.name, headers=headers):
        if not found and _lacks_api(answer):
            # "No such repository" may come from a registry with the API, too.
            if "NAME_UNKNOWN" in codes_in(answer.body):
                return None
            # Asked twice: one answer of a backend that stumbles would make all images of the run look unsigned.
            if not again:
                return await _from_api(repository, subject, again=True)
            registry.has_referrers = registry.has_referrers or False
            return None
        if answer.status != HTTPStatus.OK:
            raise repository.refused(answer, _("referrers of {name}").format(name=repository.written(subject)))
        page = parse(answer.body, mediatypes.OCI_INDEX)
        if not isinstance(page, Index):
            raise UnexpectedAnswer(_("{host} lists no referrers, but an image").format(host=registry.host))
        found += page.manifests
        if len(found) > MAX_DESCRIPTORS:
            raise TooLarge(
                _("{name} has more than {limit} referrers").format(
                    name=repository.written(subject), limit=MAX_DESCRIPTORS
                )
            )
    registry.has_referrers = True
    return found


def _lacks_api(answer: Answer) -> bool:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    return answer.status in _NO_API or (answer.status == HTTPStatus.OK and media_type != mediatypes.OCI_INDEX)


async def _fallback(repository: "Repository", subject: Digest) -> tuple[Descriptor, ...]:
    """What is listed under the fallback tag."""
    tag = fallback_tag(subject)
    try:
        manifest, _headers = await repository.get(tag)
    except NotFound:
        return ()
    return _as_list(manifest, repository.written(tag)).manifests


async def _with_true_kind(repository: "Repository", entry: Descriptor) -> Descriptor:
    """``entry`` with the artifact type of its manifest, where its own says nothing."""
    if entry.artifact_type not in {"", mediatypes.OCI_EMPTY}:
        return entry
    try:
        manifest = await repository.manifest(entry)
    except (NotFound, BadContent):
        return entry  # listed and not there, or damaged: whoever wants it will see
    kind = manifest.kind
    if kind in {"", mediatypes.OCI_EMPTY} and isinstance(manifest, Manifest) and manifest.layers:
        kind = manifest.layers[0].media_type
    return replace(entry, artifact_type=kind, annotations=entry.annotations or manifest.annotations)


async def list_referrer(
    repository: "Repository", manifest: AnyManifest, store: Callable[[], Awaitable[object]], *, promised: bool
) -> None:
    """Makes sure that a manifest with a subject, which was pushed just now, is found among what refers to that.

    Args:
        repository: where it was pushed.
        manifest: what is to be found.
        store: pushes it again.
        promised: whether the registry said ``OCI-Subject``. One that did not has no referrers API, mostly; a few
            have it and do not say so. One that did may lag behind, or have lost it among others that came with it.

    Raises:
        UnexpectedAnswer: the registry promised to list it, and does not.
        UndercurrentError: as `FallbackList.add`.
    """
    entry, subject = manifest.referrer, manifest.subject
    if subject is None:
        return
    for look in range(_MOST_LOOKS):
        known = await _from_api(repository, subject.digest)
        if known is not None and any(item.digest == entry.digest for item in known):
            return
        if known is None or not promised:
            await repository.fallback_list(subject.digest).add(repository, subject.digest, entry)
            return
        await repository.registry.client.sleep(_LAG_S * 2**look)
        await store()
    raise UnexpectedAnswer(
        _("{host} has taken {name}, and does not list it").format(
            host=repository.registry.host, name=repository.written(entry.digest)
        )
    )


class FallbackList:
    """The list under one subject's fallback tag, to be added to by any number of tasks and processes.

    The tasks of this process write together; `undercurrent.oci.registry.amending` has what is done about others.
    """

    def __init__(self) -> None:
        self._writing = asyncio.Lock()
        self._waiting: dict[Digest, Descriptor] = {}

    async def add(self, repository: "Repository", subject: Digest, entry: Descriptor) -> None:
        """Adds ``entry`` to what refers to ``subject``, and makes sure that it stays there.

        Raises:
            UnexpectedAnswer: it was overwritten again and again.
            TooLarge: the list is full.
        """
        self._waiting[entry.digest] = entry
        async with self._writing:
            if entry.digest not in self._waiting:
                return  # whoever held the lock has written it, too
            wanted = dict(self._waiting)
            tag = fallback_tag(subject)
            await amend(repository, tag, lambda manifest: _with(manifest, wanted, repository.written(tag)))
            for digest in wanted:
                self._waiting.pop(digest, None)


def _with(manifest: AnyManifest | None, wanted: Mapping[Digest, Descriptor], name: str) -> Amended | None:
    """The list called ``name`` with what is missing in it; None if nothing is."""
    index = None if manifest is None else _as_list(manifest, name)
    listed = {item.digest: item for item in index.manifests} if index else {}
    if wanted.keys() <= listed.keys():
        return None
    merged = list((listed | dict(wanted) | listed).values())  # what others wrote comes first, and stays as it is
    if len(merged) > MAX_DESCRIPTORS:
        raise TooLarge(_("{name} has no room for more than {limit} entries").format(name=name, limit=MAX_DESCRIPTORS))
    return Amended(build_index(merged, annotations=index.annotations if index else NOTHING))


def _as_list(manifest: AnyManifest, name: str) -> Index:
    if not isinstance(manifest, Index):
        raise BadContent(_("{name} is an image, not a list of referrers").format(name=name))
    return manifest
