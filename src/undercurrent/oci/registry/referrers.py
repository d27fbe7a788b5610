"""What refers to a manifest: the referrers API, and the tag that stands in for it where it is missing.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers and
…#referrers-tag-schema
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from undercurrent.errors import BadContent, NotFound, TooLarge, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Request
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import NOTHING, Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import MAX_DESCRIPTORS, Index, Manifest, build_index, parse
from undercurrent.oci.registry.answers import codes_in
from undercurrent.oci.registry.pages import answers

if TYPE_CHECKING:
    from undercurrent.oci.registry.repository import Repository

__all__ = ["FallbackList", "fallback_tag", "list_referrer", "read_referrers"]

_NO_API: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_ACCEPTABLE})
_MOST_TRIES: Final = 20
_MOST_LOOKS: Final = 5
_SETTLE_S: Final = 0.1


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
        index = (await _fallback(repository, subject))[0]
        found = list(index.manifests) if index else []
    unique = {entry.digest: entry for entry in found}
    return tuple([await _with_true_kind(repository, entry) for entry in unique.values()])


async def _from_api(repository: "Repository", subject: Digest) -> list[Descriptor] | None:
    """What the referrers API lists; None where there is no such API."""
    registry = repository.registry
    if registry.has_referrers is False:
        return None
    found: list[Descriptor] = []
    url, headers = repository.path("referrers", subject), {"Accept": mediatypes.OCI_INDEX}
    async for answer in answers(registry, url, repository.reading, repository=repository.name, headers=headers):
        if not found and _lacks_api(answer):
            # "No such repository" may come from a registry with the API, too.
            if "NAME_UNKNOWN" not in codes_in(answer.body):
                registry.has_referrers = False
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


async def _fallback(repository: "Repository", subject: Digest) -> tuple[Index | None, str]:
    """The list under the fallback tag, None if there is none yet, and its ETag, "" if it has none."""
    try:
        manifest, headers = await repository.get(fallback_tag(subject))
    except NotFound:
        return None, ""
    if not isinstance(manifest, Index):
        raise BadContent(
            _("{name} is an image, not a list of referrers").format(name=repository.written(fallback_tag(subject)))
        )
    return manifest, headers.get("ETag", "")


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


async def list_referrer(repository: "Repository", subject: Digest, entry: Descriptor) -> None:
    """Makes sure that ``entry``, which was pushed just now, is found among what refers to ``subject``.

    To be called when the registry did not say ``OCI-Subject``: it has no referrers API, mostly; a few have it and
    do not say so.

    Raises:
        UndercurrentError: as `FallbackList.add`.
    """
    known = await _from_api(repository, subject)
    if known is None or all(item.digest != entry.digest for item in known):
        await repository.fallback_list(subject).add(repository, subject, entry)


class FallbackList:
    """The list under one subject's fallback tag, to be added to by any number of tasks and processes.

    Others may add at the same time, and a PUT overwrites what came between reading and writing; few registries
    heed ``If-Match``. So after writing we wait longer than another writer that had read before us is likely to
    need, look again until nobody writes any more, and merge again if our entries were overwritten. The tasks of
    this process write together.
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
            for attempt in range(_MOST_TRIES):
                if await _listed(repository, subject, wanted, attempt):
                    for digest in wanted:
                        self._waiting.pop(digest, None)
                    return
        raise UnexpectedAnswer(
            _("{name} is overwritten by somebody again and again").format(
                name=repository.written(fallback_tag(subject))
            )
        )


async def _listed(repository: "Repository", subject: Digest, wanted: Mapping[Digest, Descriptor], attempt: int) -> bool:
    """Reads the list, adds what is missing, and says whether it is still there after a while."""
    tag, began = fallback_tag(subject), time.monotonic()
    index, etag = await _fallback(repository, subject)
    listed = {item.digest: item for item in index.manifests} if index else {}
    if wanted.keys() <= listed.keys():
        return True
    merged = list((listed | dict(wanted) | listed).values())  # what others wrote comes first, and stays as it is
    if len(merged) > MAX_DESCRIPTORS:
        raise TooLarge(
            _("{name} has no room for more than {limit} entries").format(
                name=repository.written(tag), limit=MAX_DESCRIPTORS
            )
        )
    written = build_index(merged, annotations=index.annotations if index else NOTHING)
    if not await _put(repository, written, tag, etag):
        return False
    settle_s = max(_SETTLE_S, 3 * (time.monotonic() - began)) * (1 + attempt)
    return await _stays(repository, subject, wanted, written.digest, settle_s)


async def _stays(
    repository: "Repository", subject: Digest, wanted: Mapping[Digest, Descriptor], written: Digest, settle_s: float
) -> bool:
    """Whether what is wanted is in the list, once nobody else writes to it any more."""
    last = written
    for _look in range(_MOST_LOOKS):
        await repository.registry.client.sleep(random.uniform(settle_s / 2, settle_s))  # noqa: S311 - no secret
        try:
            now = (await repository.resolve(fallback_tag(subject))).digest
        except NotFound:
            return False  # the registry said that it has it, and has it not
        if now != last:
            index, _etag = await _fallback(repository, subject)
            if index is None or not wanted.keys() <= {item.digest for item in index.manifests}:
                return False
        else:
            return True
        last = now
    return True


async def _put(repository: "Repository", index: Index, tag: str, etag: str) -> bool:
    """Writes the list; False if somebody else was faster."""
    headers = {"Content-Type": index.media_type} | ({"If-Match": etag} if etag else {})
    request = Request("PUT", repository.path("manifests", tag), headers, content=index.raw)
    answer = await repository.ask(request, scope=repository.writing)
    if answer.status == HTTPStatus.PRECONDITION_FAILED:
        return False
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
        raise repository.refused(answer, repository.written(tag), writing=True)
    return True
