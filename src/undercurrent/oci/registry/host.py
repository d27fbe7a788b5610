"""A registry: how its host is reached, what it is shown, what it has.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from yarl import URL

from undercurrent.errors import NotFound, Unauthorized, UnexpectedAnswer, Unreachable, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, Request, Response, Untrusted, address
from undercurrent.net.proxies import is_loopback
from undercurrent.net.trust import asked_for_plain, speaks_no_tls
from undercurrent.oci.digest import Digest
from undercurrent.oci.reference import DOCKER_HUB
from undercurrent.oci.registry.answers import refusal
from undercurrent.oci.registry.authorization import Authorization
from undercurrent.oci.registry.credentials import CredentialSource
from undercurrent.oci.registry.pages import pages
from undercurrent.oci.registry.repository import Repository

__all__ = ["Registry"]

_OURS: Final = re.compile(r"/v2(?:/[A-Za-z0-9_][A-Za-z0-9_.:-]*)+")
"""Paths that are the same in an address: nothing in them has to be looked at, encoded or resolved."""
_HUB_HOST: Final = "registry-1.docker.io"
_CATALOG: Final = frozenset({"registry:catalog:*"})
_PAGE: Final = 1000
_HELD: Final = 1024
_MOST_FETCHED: Final = 4 * 1024 * 1024


class Registry:
    """One registry, asked with one client, as one user.

    Args:
        host: as in a reference: ``ghcr.io``, ``localhost:5000``, ``docker.io``.
        client: asks.
        credentials: know who we are there.

    Attributes:
        host: as given.
        client: as given.
        has_referrers: whether it has the referrers API; None while unknown.
        takes_large_bodies: False once it has refused a blob that came in one piece for its size.
        mounts: False once it would not mount a blob that was sent to another of its repositories just now.
    """

    def __init__(self, host: str, client: Client, credentials: CredentialSource) -> None:
        self.host = host
        self.client = client
        self.has_referrers: bool | None = None
        self.takes_large_bodies = True
        self.mounts = True
        self._holders: OrderedDict[Digest, str] = OrderedDict()
        self._authorization = Authorization(host, client, credentials)
        self._base: URL | None = None
        self._root = ""
        self._reaching = asyncio.Lock()
        self._repositories: dict[str, Repository] = {}

    def __repr__(self) -> str:
        return f"Registry({self.host!r})"

    def repository(self, name: str) -> Repository:
        """The repository at the path ``name``; the same one each time."""
        if name not in self._repositories:
            self._repositories[name] = Repository(self, name)
        return self._repositories[name]

    def holds(self, digest: Digest, name: str) -> None:
        """Remembers that the repository at ``name`` holds a blob."""
        self._holders[digest] = name
        if len(self._holders) > _HELD:
            self._holders.popitem(last=False)

    def holder_of(self, digest: Digest) -> str:
        """A repository that a blob can be mounted from in one question; "" if none is known.

        Where it takes a token to ask, there would be more to ask: one for both repositories.
        """
        return self._holders.get(digest, "") if self.mounts and not self._authorization.by_token else ""

    async def ping(self) -> None:
        """Finds out how the registry is reached and what it wants to be shown; once.

        Raises:
            Unreachable: it is not there, or only without TLS though that was not asked for.
            UnexpectedAnswer: what answers is no registry.
        """
        async with self._reaching:
            if self._base is None:
                base = await self._reach()
                self._root = str(base.origin())
                self._base = base

    async def verify(self) -> bool:
        """Shows the registry the credentials.

        Returns:
            False if it did not want to see any, so that nobody knows whether they are right.

        Raises:
            Unauthorized: it does not accept them.
        """
        await self.ping()
        if not self._authorization.wanted:
            return False
        answer = await self.fetch(Request("GET", "/v2/"))
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Unauthorized(
                _("{host} does not accept these credentials").format(host=self.host),
                hint=_("check the user name and the password; some registries want a token in its place"),
            )
        if answer.status != HTTPStatus.OK:
            raise refusal(answer.status, answer.body, host=self.host, what=_("answer for these credentials"))
        return True

    async def fetch(self, request: Request, *scopes: str, repository: str = "", limit: int = _MOST_FETCHED) -> Answer:
        """Sends ``request`` and returns the answer whole.

        Args:
            request: its URL may be a path, or whatever a ``Location`` said.
            scopes: what it needs to be allowed.
            repository: whose credentials to show, where they differ.
            limit: bytes that the body may have.

        Raises:
            UndercurrentError: as `Client.fetch`. Other refusals are returned.
        """
        needed = frozenset(scopes)
        request = await self._located(request)
        sent = await self._authorized(request, needed, repository)
        answer = await self.client.fetch(sent, limit=limit)
        if self._may_ask_again(answer, needed, sent):
            answer = await self.client.fetch(await self._authorized(request, needed, repository), limit=limit)
        return answer

    @asynccontextmanager
    async def send(self, request: Request, *scopes: str, repository: str = "") -> AsyncIterator[Response]:
        """Like `fetch`, for a body that is read as it comes."""
        needed = frozenset(scopes)
        request = await self._located(request)
        async with AsyncExitStack() as stack:
            sent = await self._authorized(request, needed, repository)
            response = await stack.enter_async_context(self.client.send(sent))
            if self._may_ask_again(response, needed, sent):
                again = await self._authorized(request, needed, repository)
                response = await stack.enter_async_context(self.client.send(again))
            yield response

    async def catalog(self) -> AsyncIterator[str]:
        """The names of all repositories, where the registry tells.

        Raises:
            Unauthorized: it does not tell us.
            Unsupported: it tells nobody.
        """
        hint = _("name the repositories: {host}/NAME").format(host=self.host)

        def refused(answer: Answer) -> Exception:
            error = refusal(answer.status, answer.body, host=self.host, what=_("list of repositories"))
            if isinstance(error, Unauthorized):
                return Unauthorized(
                    _("{host} does not let us list its repositories").format(host=self.host),
                    hint=_("sign in with `uc login {host}`, or name the repositories: {host}/NAME").format(
                        host=self.host
                    ),
                )
            if isinstance(error, NotFound | Unsupported):
                return Unsupported(_("{host} has no list of its repositories").format(host=self.host), hint=hint)
            return error

        async for page in pages(self, f"/v2/_catalog?n={_PAGE}", "repositories", refused, *_CATALOG):
            for name in page:
                yield name

    async def _reach(self) -> URL:
        authority = _HUB_HOST if self.host == DOCKER_HUB else self.host
        secure, plain = URL(f"https://{authority}"), URL(f"http://{authority}")
        if asked_for_plain(plain.host or "", plain.port, self.client.settings):
            return await self._greet(plain)
        if not is_loopback(secure.host or ""):
            return await self._greet(secure)
        if await speaks_no_tls(secure, self.client.settings.connect_timeout_s):
            return await self._greet(plain)
        try:
            return await self._greet(secure, retries=0)
        except Untrusted:
            raise
        except Unreachable:
            return await self._greet(plain)

    async def _greet(self, base: URL, retries: int | None = None) -> URL:
        answer = await self.client.fetch(Request("GET", str(base / "v2/"), retries=retries))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            if _origin(answer.url) == base.origin():
                self._authorization.challenged(answer, frozenset(), {})
        elif answer.status not in {HTTPStatus.OK, HTTPStatus.FORBIDDEN}:
            raise UnexpectedAnswer(
                _("{host} does not answer like a registry: {status} for /v2/").format(
                    host=self.host, status=answer.status
                ),
                hint=_("check the host and the port"),
            )
        return base

    async def _located(self, request: Request) -> Request:
        if self._base is None:
            await self.ping()
        base = self._base
        assert base is not None  # noqa: S101 - set by ping
        if _OURS.fullmatch(request.url):
            return replace(request, url=f"{self._root}{request.url}")
        url = address(request.url, base)
        if url is None:
            raise UnexpectedAnswer(_("{host} names an address that is not valid").format(host=self.host))
        if base.scheme == "https" and url.scheme == "http":
            if url.host != base.host:
                raise UnexpectedAnswer(
                    _("{host} redirects to {other} without TLS; not followed").format(host=self.host, other=url.host)
                )
            # A registry behind a proxy that ends TLS often does not know that it is reached by https.
            url = url.with_scheme("https")
        return replace(request, url=str(url))

    def _may_ask_again(self, answer: Answer | Response, scopes: frozenset[str], sent: Request) -> bool:
        """Whether the registry itself wants to know who asks, and can be told something new.

        Where an answer comes from elsewhere (a redirect, an upload), its challenge is for nobody: whoever wrote it
        would else choose whom our credentials for the registry are shown to.
        """
        assert self._base is not None  # noqa: S101 - the request was located
        return (
            answer.status == HTTPStatus.UNAUTHORIZED
            and _origin(answer.url) == self._base.origin()
            and self._authorization.challenged(answer, scopes, sent.headers)
        )

    async def _authorized(self, request: Request, scopes: frozenset[str], repository: str) -> Request:
        if not self._authorization.wanted or self._base is None:
            return request
        if not request.url.startswith(f"{self._root}/") and _origin(request.url) != self._base.origin():
            return request  # an upload that goes elsewhere: our credentials do not
        headers = await self._authorization.headers(scopes, repository)
        return replace(request, headers=MappingProxyType({**request.headers, **headers}))


def _origin(url: str) -> URL:
    return URL(url, encoded=True).origin()
