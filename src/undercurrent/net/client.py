"""The one HTTP client: retries, rate control, redirects, proxies and TLS are decided here and nowhere else."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
from yarl import URL

from undercurrent import __version__
from undercurrent.errors import RateLimited, UndercurrentError, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net.address import address
from undercurrent.net.body import Body, content_of, feeding
from undercurrent.net.faults import explain, pushed_back, surely_unsent
from undercurrent.net.limiter import Limiter
from undercurrent.net.message import Answer, Request, Response
from undercurrent.net.proxies import proxy_for
from undercurrent.net.redaction import redact
from undercurrent.net.redirects import MAX_REDIRECTS, REDIRECTS, next_hop
from undercurrent.net.retry import LONGEST_WAIT_S, asked_wait, pause_before
from undercurrent.net.trust import check_scheme, tls_context
from undercurrent.progress import Noted, Observer, silent
from undercurrent.settings import NetSettings

__all__ = ["Client"]

_READ_BUFFER: Final = 256 * 1024
_LONGEST_HEADER: Final = 64 * 1024  # upload sessions of some registries travel in very long Location headers
_ERROR_BODY: Final = 4096
_MOST_FETCHED: Final = 4 * 1024 * 1024
_WHOLE: Final = 10.0
"""Times ``timeout_s`` that an answer which is read whole may take: drop by drop, it would never be late."""
_SLOWEST: Final = 256.0
"""Bytes a second that a body moves at least, over any time of ``timeout_s`` that it was waited for."""

_Result = TypeVar("_Result")


class Client(AbstractAsyncContextManager["Client"]):
    """Talks HTTP to any number of hosts; one for the whole run.

    Args:
        settings: time limits, retries, certificates, hosts without TLS.
        observer: is told about retries.
        unix_socket: where every request goes instead of to its host.
        sleep: waits; a test need not.

    Attributes:
        settings: as given.
        sleep: as given; whoever waits between requests uses it.

    Raises:
        ConfigError: on entering, if the certificates of the settings cannot be read.
    """

    def __init__(
        self,
        settings: NetSettings,
        *,
        observer: Observer = silent,
        unix_socket: Path | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._observer = observer
        self._unix_socket = unix_socket
        self.sleep = sleep
        self._limiters: dict[URL, Limiter] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        connector: aiohttp.BaseConnector = (
            aiohttp.UnixConnector(str(self._unix_socket), limit=0)
            if self._unix_socket is not None
            else aiohttp.TCPConnector(limit=0)
        )
        if self.settings.ca_bundle is not None:
            self._tls = tls_context(self.settings.ca_bundle)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=self.settings.connect_timeout_s, sock_read=self.settings.timeout_s
            ),
            headers={"User-Agent": f"undercurrent/{__version__}", "Accept-Encoding": "identity"},
            read_bufsize=_READ_BUFFER,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Response]:
        """Sends ``request`` and hands out its answer, of which at least the first bytes have arrived.

        Answers of 200 to 499 are returned, except 408 and 429.

        Raises:
            Unreachable: no connection, or it broke; also plain HTTP where that was not asked for.
            TimedOut: no byte moved for `NetSettings.timeout_s`.
            RateLimited: 429, still after the retries, or with a wait that is too long to wait here.
            RemoteFault: 5xx, still after the retries.
            UnexpectedAnswer: what came is not HTTP, or a redirect that must not be followed.
            ConfigError: the environment names a proxy that cannot be used.
            UndercurrentError: whatever the request's own content raised.
        """
        answer, first, url = await self._persist(request, lambda: self._follow(request))
        try:
            yield self._response(answer, first, url)
        finally:
            _hang_up(answer)

    async def fetch(self, request: Request, *, limit: int = _MOST_FETCHED) -> Answer:
        """Sends ``request`` and returns its answer whole; one that is cut off is asked for again.

        Args:
            request: what to send.
            limit: bytes that the body may have.

        Raises:
            TooLarge: the body is larger than ``limit``.
            UndercurrentError: as `send`.
        """

        async def whole() -> Answer:
            answer, first, url = await self._follow(request)
            try:
                if _is_all(answer) and len(first) <= limit:
                    return Answer(answer.status, answer.headers, url, first)
                response = self._response(answer, first, url)
                try:
                    async with asyncio.timeout(_WHOLE * self.settings.timeout_s):
                        body = await response.read(limit)
                except TimeoutError as error:
                    raise explain(error, URL(url, encoded=True)) from None
                return Answer(response.status, response.headers, url, body)
            finally:
                _hang_up(answer)

        return await self._persist(request, whole)

    async def pause(self, retry: int, error: UndercurrentError) -> None:
        """Waits before retry number ``retry`` (from 0) of something that met ``error``.

        Raises:
            UndercurrentError: ``error`` itself, if trying again is no use or was done often enough.
        """
        seconds = pause_before(retry, error) if retry < self.settings.retries else None
        if seconds is None:
            raise error
        self._observer(Noted(_("{why}; trying again").format(why=error.message)))
        await self.sleep(seconds)

    async def _persist(self, request: Request, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        most = self.settings.retries if request.retries is None else request.retries
        retry = 0
        while True:
            try:
                return await attempt()
            except _ContentFailed as failure:
                raise failure.error from None
            except UndercurrentError as error:
                if retry >= most or not (request.idempotent or surely_unsent(error)):
                    raise
                failed = error
            await self.pause(retry, failed)
            retry += 1

    def _response(self, answer: aiohttp.ClientResponse, first: bytes, url: str) -> Response:
        return Response(answer.status, answer.headers, url, _pieces(answer, first, self.settings.timeout_s))

    async def _follow(self, request: Request) -> tuple[aiohttp.ClientResponse, bytes, str]:
        """The answer at the end of all redirects, the beginning of its body, and where it came from.

        Whoever gets it hangs up.
        """
        hop = request
        for _redirect in range(MAX_REDIRECTS + 1):
            answer, first = await self._exchange(hop)
            if answer.status not in REDIRECTS or not request.follow:
                return answer, first, hop.url
            _hang_up(answer)
            hop = next_hop(hop, answer.status, answer.headers)
        raise UnexpectedAnswer(_("{host} redirects in circles").format(host=URL(request.url).host))

    async def _exchange(self, hop: Request) -> tuple[aiohttp.ClientResponse, bytes]:
        """One request and the beginning of its answer, within the limits of its host."""
        url = _address(hop.url)
        if self._unix_socket is None:
            check_scheme(url, self.settings)
        limiter = self._limiter(url)
        # The slot is given back when the answer begins: a reader that waits for another request's slot while it
        # holds one itself would wait for ever.
        async with limiter.slot(wait=not feeding.get()):
            began = time.monotonic()
            answer, first = await self._transfer(hop, url)
            if error := pushed_back(answer.status, answer.headers, url, first[:_ERROR_BODY]):
                _hang_up(answer)
                if isinstance(error, RateLimited) or answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    asked = asked_wait(error) or 0.0
                    # Who asks for hours is not waited for: what comes next fails at once, as this does.
                    limiter.pushed_back(began, asked if asked <= LONGEST_WAIT_S else 0.0)
                raise error
            limiter.coped(began, time.monotonic() - began if hop.content is None else None)
            return answer, first

    def _limiter(self, url: URL) -> Limiter:
        origin = url.origin()
        if origin not in self._limiters:
            self._limiters[origin] = Limiter(self.settings.max_per_host, sleep=self.sleep)
        return self._limiters[origin]

    async def _transfer(self, hop: Request, url: URL) -> tuple[aiohttp.ClientResponse, bytes]:
        assert self._session is not None, "used outside `async with`"  # noqa: S101
        body = self._body(hop)
        proxy = None if self._unix_socket else proxy_for(url)
        mark = feeding.set(body is not None)
        try:
            # Without a body to send, the head has to be there in time as a whole: each byte of it resets the limit of
            # the socket. With one, the body moves the deadline along while it is taken.
            within_s = self.settings.connect_timeout_s + self.settings.timeout_s if body is None else None
            async with asyncio.timeout(within_s) as deadline:
                if body is not None:
                    body.watched_by(deadline)
                answer = await self._session.request(
                    hop.method,
                    url,
                    data=body,
                    headers=hop.headers,
                    allow_redirects=False,
                    ssl=self._trusted(url, proxy),
                    proxy=proxy,
                )
                try:
                    return answer, await answer.content.readany()
                except BaseException:
                    _hang_up(answer)
                    raise
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if body is not None and body.error is not None:
                raise _ContentFailed(body.error) from None
            # Not chained: aiohttp's errors carry the request, and with it its headers and its whole URL.
            raise explain(error, url, socket_path=str(self._unix_socket or "")) from None
        finally:
            feeding.reset(mark)
            if body is not None:
                body.watched_by(None)

    def _trusted(self, url: URL, proxy: URL | None) -> ssl.SSLContext | bool:
        """The certificates to trust; reading the system's takes a while, so that is left to who needs them."""
        if self._unix_socket is not None or "https" not in {url.scheme, proxy and proxy.scheme}:
            return True
        if self._tls is None:
            self._tls = tls_context(None)
        return self._tls

    def _body(self, hop: Request) -> Body | None:
        if hop.content is None:
            return None
        if isinstance(hop.content, bytes):
            return Body(content_of(hop.content), len(hop.content), self.settings.timeout_s)
        return Body(hop.content, hop.length, self.settings.timeout_s)


class _ContentFailed(Exception):
    """The content that was to be sent raised ``error``; asking the other side again would not help."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _address(text: str) -> URL:
    url = address(text)
    if url is None:
        raise UnexpectedAnswer(_("{url} is not an address that can be asked").format(url=redact(text)))
    return url


def _hang_up(answer: aiohttp.ClientResponse) -> None:
    """Gives the connection back, or ends it at once where the answer came before all of the body was sent.

    Closed politely, it would linger until the other side had taken what it does not want.
    """
    if answer.connection is not None and answer.connection.transport is not None:
        answer.connection.transport.abort()
    answer.close()


def _is_all(answer: aiohttp.ClientResponse) -> bool:
    """Whether nothing of the body is left to be read, as with most answers: they are small, and there at once."""
    return answer.content.at_eof() and answer.content.exception() is None


async def _pieces(answer: aiohttp.ClientResponse, first: bytes, window_s: float) -> AsyncIterator[bytes]:
    piece = first
    waited = moved = 0.0
    while piece:
        yield piece
        began = time.monotonic()
        try:
            piece = await answer.content.readany()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise explain(error, answer.url) from None
        waited, moved = waited + time.monotonic() - began, moved + len(piece)
        if waited > window_s:
            if moved < _SLOWEST * waited and not answer.content.at_eof():
                raise explain(TimeoutError(), answer.url)
            waited = moved = 0.0
