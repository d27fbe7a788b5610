"""What is asked and what is answered."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from multidict import CIMultiDictProxy

from undercurrent.errors import TooLarge
from undercurrent.i18n import translate as _
from undercurrent.net.redaction import redact

__all__ = ["Answer", "Content", "Headers", "Request", "Response"]

Content: TypeAlias = Callable[[], AsyncIterator[bytes]]
"""Opens a body from its start, as often as it is called: a retry begins again."""

Headers: TypeAlias = CIMultiDictProxy[str]
"""A read-only mapping that does not care about case; `getall` gives a header that came several times."""

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request.

    Attributes:
        method: in capitals.
        url: absolute, already encoded.
        headers: sent as they are. All but the harmless ones stay behind on a redirect to another origin.
        content: the body.
        length: bytes in `content` when it is a callable; sent in chunks when None.
        follow: whether redirects are followed; else they are returned.
        idempotent: whether sending it twice does no harm. If not, it is sent again only when it surely was
            not acted upon.
        retries: how often it may be tried again; None for what the settings say.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    content: Content | bytes | None = None
    length: int | None = None
    follow: bool = True
    idempotent: bool = True
    retries: int | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {redact(self.url)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer with its whole body.

    Attributes:
        url: where it came from, after redirects.
    """

    status: int
    headers: Headers
    url: str
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status} from {redact(self.url)}>"


class Response:
    """An answer whose body is still under way; to be used inside ``async with client.send(…)``.

    Attributes:
        status: 200 to 499, never 408 or 429.
        headers: as they came.
        url: where it came from, after redirects.
    """

    __slots__ = ("_pieces", "headers", "status", "url")

    def __init__(self, status: int, headers: Headers, url: str, pieces: AsyncIterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.url = url
        self._pieces = pieces

    def stream(self) -> AsyncIterator[bytes]:
        """The body, piece by piece, once.

        Raises:
            Unreachable: it was cut off.
            TimedOut: no byte moved for too long.
        """
        return self._pieces

    async def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            TooLarge: it has more than ``limit`` bytes; reading stops there.
            Unreachable: it was cut off.
            TimedOut: no byte moved for too long.
        """
        gathered = bytearray()
        async for piece in self._pieces:
            gathered += piece
            if len(gathered) > limit:
                raise TooLarge(
                    _("the answer from {url} has more than {limit} bytes").format(url=redact(self.url), limit=limit)
                )
        return bytes(gathered)
