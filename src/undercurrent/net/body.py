"""A request's body on its way out."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Final

from aiohttp import Payload
from aiohttp.abc import AbstractStreamWriter

from undercurrent.errors import DigestMismatch
from undercurrent.i18n import translate as _
from undercurrent.net.message import Content

__all__ = ["PIECE", "Body", "content_of", "feeding"]

PIECE: Final = 256 * 1024

feeding: ContextVar[bool] = ContextVar("feeding", default=False)
"""Whether the code that runs now produces the body of a request that is under way."""


def content_of(data: bytes) -> Content:
    """Content that is in memory, in pieces that do not hold the event loop up."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    return pieces


class Body(Payload):
    """Writes content, and knows afterwards whose fault a failure was.

    Args:
        content: opens the body.
        length: its bytes, if known.
        stall_s: seconds that the other side may take to accept one piece.

    Attributes:
        error: what the content raised, None if the failure was the network's.
    """

    def __init__(self, content: Content, length: int | None, stall_s: float) -> None:
        super().__init__(content)
        self._content = content
        self._size = length
        self._stall_s = stall_s
        self._deadline: asyncio.Timeout | None = None
        self.error: Exception | None = None

    @property
    def consumed(self) -> bool:
        """Always: aiohttp would send it again by itself on a broken connection; retries are ours to decide."""
        return True

    def watched_by(self, deadline: asyncio.Timeout | None) -> None:
        """Moves ``deadline`` along while pieces are accepted; None ends that."""
        self._deadline = deadline
        self._expect_progress(None if deadline is None else self._stall_s)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Writes the body."""
        source = self._content()
        try:
            await self._copy(source, writer)
        finally:
            if close := getattr(source, "aclose", None):
                await close()  # lets go of what the content holds (a file, an answer) now, not at some collection

    async def _copy(self, source: AsyncIterator[bytes], writer: AbstractStreamWriter) -> None:
        sent = 0
        while True:
            self._expect_progress(None)  # the source has its own time limits
            try:
                piece = await anext(source, None)
                if piece is None:
                    self._check(sent)
                    break
            except Exception as error:
                self.error = error
                raise
            self._expect_progress(self._stall_s)
            sent += len(piece)
            await writer.write(piece)
            await writer.drain()
        self._expect_progress(self._stall_s)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:  # noqa: ARG002 - aiohttp's signature
        """Writes the body; its length was checked against the header already."""
        await self.write(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's signature
        """Not possible: the body is not in memory."""
        raise TypeError

    def _check(self, sent: int) -> None:
        if self._size is not None and sent != self._size:
            raise DigestMismatch(
                _("the content to send has {actual} bytes, not the {expected} it should have").format(
                    actual=sent, expected=self._size
                )
            )

    def _expect_progress(self, within_s: float | None) -> None:
        if self._deadline is not None:
            now = asyncio.get_running_loop().time()
            self._deadline.reschedule(None if within_s is None else now + within_s)
