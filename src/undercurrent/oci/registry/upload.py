"""How blobs get into a repository: mounted, in one piece, or in chunks.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import quote

from yarl import URL

from undercurrent.errors import UndercurrentError, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Request, address
from undercurrent.net.body import content_of
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.registry.answers import count_in
from undercurrent.oci.store import Content

if TYPE_CHECKING:
    from undercurrent.oci.registry.repository import Repository

__all__ = ["CHUNK_BYTES", "UploadBy", "upload"]

UploadBy: TypeAlias = Literal["auto", "one-piece", "single-post", "chunks"]
"""``auto`` and ``one-piece``: POST, then PUT with the content; ``single-post``: all in the POST; ``chunks``: PATCH."""

CHUNK_BYTES: Final = 8 * 1024 * 1024
"""Of one chunk; it is kept in memory, so that it can be sent again."""
_LARGEST_CHUNK: Final = 64 * 1024 * 1024
_OCTETS: Final = {"Content-Type": "application/octet-stream"}
_TOO_LARGE_IN_ONE_PIECE: Final = frozenset(
    {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.LENGTH_REQUIRED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
)


async def upload(
    repository: "Repository",
    descriptor: Descriptor,
    content: Content,
    *,
    mount_from: str = "",
    ask_first: bool = True,
) -> bool:
    """Puts a blob into ``repository``.

    Each try begins a new upload: what arrived of a broken one is unknown, and registries differ in what they make
    of a second PUT to the same place.

    Args:
        repository: where.
        descriptor: what it is.
        content: opens it.
        mount_from: a repository of the same registry that holds it already, if one is known.
        ask_first: whether it may be there already; before a second try that is asked in any case.

    Returns:
        False if it was there already, or could be mounted.

    Raises:
        DigestMismatch, Refused, Unauthorized, CouldNotCheck: as `Repository.push_blob`.
    """
    retry = 0
    while True:
        if (ask_first or retry) and await repository.holds(descriptor, repository.writing):
            return retry > 0
        try:
            return await _transfer(repository, descriptor, content, mount_from)
        except UndercurrentError as error:
            if not error.retryable:
                raise
            failed = error
        await repository.registry.client.pause(retry, failed)
        retry += 1


async def _transfer(repository: "Repository", descriptor: Descriptor, content: Content, mount_from: str) -> bool:
    if mount_from:
        answer = await _mount(repository, descriptor, mount_from)
        if answer.status == HTTPStatus.CREATED:
            return False
        if answer.status != HTTPStatus.ACCEPTED:  # it may not let us see the other repository
            answer = await _begin(repository, descriptor)
    elif repository.upload_by == "single-post":
        answer = await _all_in_the_post(repository, descriptor, content)
        if answer.status == HTTPStatus.CREATED:
            return True
        if answer.status != HTTPStatus.ACCEPTED:
            answer = await _begin(repository, descriptor)
    else:
        answer = await _begin(repository, descriptor)
    in_chunks = repository.upload_by == "chunks" or not repository.registry.takes_large_bodies
    if not in_chunks:
        done = await _in_one_piece(repository, descriptor, content, answer)
        if done.status == HTTPStatus.CREATED:
            return True
        if repository.upload_by != "auto" or done.status not in _TOO_LARGE_IN_ONE_PIECE:
            raise repository.refused(done, repository.written(descriptor.digest), writing=True)
        repository.registry.takes_large_bodies = False
        answer = await _begin(repository, descriptor)
    await _in_chunks(repository, descriptor, content, answer)
    return True


async def _mount(repository: "Repository", descriptor: Descriptor, source: str) -> Answer:
    query = f"?mount={quote(descriptor.digest)}&from={quote(source, safe='')}"
    scope = f"{repository.writing} repository:{source}:pull"
    return await repository.ask(Request("POST", repository.path("blobs", "uploads/" + query), _empty()), scope=scope)


async def _begin(repository: "Repository", descriptor: Descriptor) -> Answer:
    answer = await repository.ask(
        Request("POST", repository.path("blobs", "uploads/"), _empty()), scope=repository.writing
    )
    if answer.status != HTTPStatus.ACCEPTED:
        raise repository.refused(answer, repository.written(descriptor.digest), writing=True)
    return answer


async def _all_in_the_post(repository: "Repository", descriptor: Descriptor, content: Content) -> Answer:
    place = repository.path("blobs", f"uploads/?digest={quote(descriptor.digest)}")
    return await _send(repository, "POST", place, content, descriptor.size, _OCTETS)


async def _in_one_piece(repository: "Repository", descriptor: Descriptor, content: Content, begun: Answer) -> Answer:
    place = _with_digest(_location(repository, begun), descriptor)
    return await _send(repository, "PUT", place, content, descriptor.size, _OCTETS)


async def _in_chunks(repository: "Repository", descriptor: Descriptor, content: Content, begun: Answer) -> None:
    place, offset = _location(repository, begun), 0
    size = max(CHUNK_BYTES, _least(begun))
    async for chunk in _chunks(content(), size):
        place = await _patch(repository, descriptor, place, offset, chunk)
        offset += len(chunk)
    done = await _send(repository, "PUT", _with_digest(place, descriptor), content_of(b""), 0, _OCTETS)
    if done.status != HTTPStatus.CREATED:
        raise repository.refused(done, repository.written(descriptor.digest), writing=True)


async def _patch(repository: "Repository", descriptor: Descriptor, place: str, offset: int, chunk: bytes) -> str:
    """Sends one chunk, or what is missing of it, as often as it takes; returns where the next one goes."""
    failed: UndercurrentError | None = None
    retry = 0
    while True:
        headers = {**_OCTETS, "Content-Range": f"{offset}-{offset + len(chunk) - 1}"}
        try:
            answer = await _send(repository, "PATCH", place, content_of(chunk), len(chunk), headers)
        except UndercurrentError as error:
            if not error.retryable:
                raise
            failed = error
        else:
            if answer.status in {HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
                return _location(repository, answer)
            if failed and answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise failed  # the upload stands elsewhere than it said: begin a new one
            raise repository.refused(answer, repository.written(descriptor.digest), writing=True)
        await repository.registry.client.pause(retry, failed)
        place, arrived = await _standing(repository, place, failed)
        missing = offset + len(chunk) - arrived
        if missing == 0:
            return place
        if not 0 < missing <= len(chunk):
            raise failed
        offset, chunk, retry = arrived, chunk[-missing:], retry + 1


async def _standing(repository: "Repository", place: str, failed: UndercurrentError) -> tuple[str, int]:
    """Where a broken upload goes on, and how many bytes of it have arrived."""
    state = await repository.ask(Request("GET", place), scope=repository.writing)
    if state.status != HTTPStatus.NO_CONTENT:
        raise failed  # it is gone: begin a new one
    # "0-N"; an upload that has no bytes says "0-0", as one with one byte does.
    number = count_in(state.headers.get("Range", "").rpartition("-")[2]) or 0
    return _location(repository, state, place), number + 1 if number else 0


async def _send(
    repository: "Repository", method: str, place: str, content: Content, length: int, headers: dict[str, str]
) -> Answer:
    sized = {**headers, "Content-Length": str(length)}
    request = Request(method, place, sized, content, length, idempotent=False)
    return await repository.ask(request, scope=repository.writing)


async def _chunks(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        while len(gathered) >= size:
            with memoryview(gathered) as view:
                chunk = bytes(view[:size])
            yield chunk
            del gathered[:size]
    if gathered:
        yield bytes(gathered)


def _empty() -> dict[str, str]:
    return {"Content-Length": "0"}


def _location(repository: "Repository", answer: Answer, otherwise: str = "") -> str:
    """Where the upload goes on, absolute."""
    location = answer.headers.get("Location", otherwise)
    if not location:
        raise UnexpectedAnswer(_("{host} does not say where the upload goes").format(host=repository.registry.host))
    place = address(location, URL(answer.url, encoded=True))
    if place is None:
        raise UnexpectedAnswer(_("{host} names an address that is not valid").format(host=repository.registry.host))
    return str(place)


def _with_digest(place: str, descriptor: Descriptor) -> str:
    # By hand: the rest of the query is the registry's own, signed perhaps, and must come back letter by letter.
    return f"{place}{'&' if '?' in place else '?'}digest={quote(descriptor.digest)}"


def _least(answer: Answer) -> int:
    return min(count_in(answer.headers.get("OCI-Chunk-Min-Length", "")) or 0, _LARGEST_CHUNK)
