"""Reads blobs of a repository: piece by piece, going on where an answer breaks; or whole, where they are small.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from undercurrent.errors import BadContent, TimedOut, TooLarge, UndercurrentError, Unreachable
from undercurrent.net import Headers, Request, Response
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.store import verified, verified_whole

if TYPE_CHECKING:
    from undercurrent.oci.registry.repository import Repository

__all__ = ["pieces_of", "whole"]

_ENOUGH: Final = 1024 * 1024
_SMALL: Final = 1024 * 1024
"""Bytes of content that is asked for again from its start where an answer breaks."""
_REFUSAL: Final = 16 * 1024
"""Bytes that the body of a refusal may have in place of smaller content."""


async def pieces_of(repository: "Repository", descriptor: Descriptor) -> AsyncGenerator[bytes, None]:
    """The content that ``descriptor`` names; resumed where it was cut off. See `Store.blob`."""
    async with aclosing(_pieces(repository, descriptor)) as pieces:
        async for piece in verified(pieces, descriptor, repository.label):
            yield piece


async def whole(repository: "Repository", descriptor: Descriptor) -> bytes:
    """The content that ``descriptor`` names, in one answer where it is small. See `Store.content`."""
    if descriptor.size <= _SMALL:
        request = Request("GET", repository.path("blobs", descriptor.digest))
        try:
            answer = await repository.ask(request, limit=max(descriptor.size, _REFUSAL))
        except TooLarge:
            pass  # content or a refusal: below, as little of it is read as can be
        else:
            if answer.status != HTTPStatus.OK:
                raise repository.refused(answer, repository.written(descriptor.digest))
            return verified_whole(answer.body, descriptor, repository.label)
    async with aclosing(pieces_of(repository, descriptor)) as pieces:
        return b"".join([piece async for piece in pieces])


async def _pieces(repository: "Repository", descriptor: Descriptor) -> AsyncGenerator[bytes, None]:
    """The blob's bytes, unverified; a broken answer is continued with ``Range``."""
    offset = progress = broken = 0
    while True:
        failed: UndercurrentError | None = None
        try:
            async with aclosing(_from(repository, descriptor, offset)) as pieces:
                async for piece in pieces:
                    yield piece
                    offset += len(piece)
        except (Unreachable, TimedOut) as error:
            if offset == 0:
                raise  # the client has tried often enough
            failed = error
        if failed is None:
            return
        broken = broken + 1 if offset - progress < _ENOUGH else 0
        progress = offset
        await repository.registry.client.pause(broken, failed)


async def _from(repository: "Repository", descriptor: Descriptor, offset: int) -> AsyncGenerator[bytes, None]:
    written = repository.written(descriptor.digest)
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    request = Request("GET", repository.path("blobs", descriptor.digest), headers)
    async with repository.registry.send(request, repository.reading, repository=repository.name) as response:
        if response.status == HTTPStatus.PARTIAL_CONTENT and _starts_at(response.headers, offset):
            skip = 0
        elif response.status == HTTPStatus.OK:
            skip = offset  # no ranges here: what was read already is read again
        else:
            raise repository.refused(response, written, body=await _beginning(response))
        async for piece in response.stream():
            if skip < len(piece):
                yield piece[skip:] if skip else piece
            skip = max(0, skip - len(piece))


def _starts_at(headers: Headers, offset: int) -> bool:
    return headers.get("Content-Range", "").startswith(f"bytes {offset}-")


async def _beginning(response: Response) -> bytes:
    try:
        return await response.read(_REFUSAL)
    except BadContent:
        return b""
