"""How a registry is shown who asks: nothing, a password, or a token from the service that it names.

Specification: https://distribution.github.io/distribution/spec/auth/ (token, OAuth2, scopes).
"""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from yarl import URL

from undercurrent.errors import BadContent, Unauthorized, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, Request, Response, address
from undercurrent.net.trust import asked_for_plain
from undercurrent.oci import strictjson
from undercurrent.oci.registry.challenge import Challenge, parse_challenges
from undercurrent.oci.registry.credentials import Credential, CredentialSource

__all__ = ["Authorization"]

_CLIENT_ID: Final = "undercurrent"
_LARGEST_TOKEN: Final = 1024 * 1024
# Some services say less than they mean: the specification asks clients to take 60 s at least.
_SHORTEST_LIFE_S: Final = 60.0
_LONGEST_LIFE_S: Final = 365 * 86_400.0
_MARGIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    ends: float


class Authorization:
    """What one registry is shown.

    Args:
        host: the registry, as users write it.
        client: asks the token service.
        credentials: knows who we are.
        clock: monotonic seconds.
    """

    def __init__(
        self, host: str, client: Client, credentials: CredentialSource, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._host = host
        self._client = client
        self._credentials = credentials
        self._clock = clock
        self._challenge: Challenge | None = None
        self._in_the_clear = False
        self._scopes_asked: dict[frozenset[str], frozenset[str]] = {}
        self._tokens: dict[frozenset[str], _Token] = {}
        self._locks: dict[frozenset[str], asyncio.Lock] = {}

    @property
    def wanted(self) -> bool:
        """Whether the registry has asked who we are."""
        return self._challenge is not None

    @property
    def by_token(self) -> bool:
        """Whether the registry wants tokens, which are asked for by repository."""
        return self._challenge is not None and self._challenge.scheme == "bearer"

    async def headers(self, scopes: frozenset[str], repository: str = "") -> Mapping[str, str]:
        """The headers for a request that needs ``scopes``.

        Raises:
            Unauthorized: the token service does not take our credentials.
            CouldNotCheck: it does not answer, or not usefully.
        """
        challenge = self._challenge
        if challenge is None:
            return {}
        if challenge.scheme == "basic":
            credential = await self._credentials.find(self._host, repository)
            return {} if credential is None else {"Authorization": _basic(credential)}
        token = await self._token(challenge, self._scopes_asked.get(scopes, scopes), repository)
        return {"Authorization": f"Bearer {token}"}

    def challenged(self, answer: Answer | Response, scopes: frozenset[str], sent: Mapping[str, str]) -> bool:
        """Learns from a 401; says whether asking once more may help.

        Args:
            answer: the registry's own, not that of a place it led to.
            scopes: what the request was thought to need.
            sent: the headers that were not enough.
        """
        challenge = _usable(parse_challenges(answer.headers.getall("WWW-Authenticate", [])))
        if challenge is None:
            return False
        self._in_the_clear = URL(answer.url, encoded=True).scheme == "http"
        is_news = self._challenge is None or self._challenge.scheme != challenge.scheme
        self._challenge = challenge
        if challenge.scheme == "basic":
            return is_news
        wanted = self._scopes_asked.get(scopes, scopes)
        asked = frozenset(challenge.parameters.get("scope", "").split())
        if asked:
            self._scopes_asked[scopes] = wanted | asked
        held = self._tokens.get(wanted)
        if held is not None and sent.get("Authorization") == f"Bearer {held.text}":
            del self._tokens[wanted]  # it ended early, or does not reach far enough
        return True

    async def _token(self, challenge: Challenge, scopes: frozenset[str], repository: str) -> str:
        # One task asks, the others that need the same wait for it.
        async with self._locks.setdefault(scopes, asyncio.Lock()):
            held = self._tokens.get(scopes)
            if held is None or held.ends <= self._clock():
                credential = await self._credentials.find(self._host, repository)
                held = self._tokens[scopes] = await self._request(challenge, scopes, credential, repository)
            return held.text

    async def _request(
        self, challenge: Challenge, scopes: frozenset[str], credential: Credential | None, repository: str
    ) -> _Token:
        began = self._clock()
        answer = await self._client.fetch(self._question(challenge, scopes, credential), limit=_LARGEST_TOKEN)
        refused = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        # RFC 6749, section 5.2: a refresh token that is no longer valid is a bad request (invalid_grant).
        if refused or (answer.status == HTTPStatus.BAD_REQUEST and credential is not None):
            place = f"{self._host}/{repository}" if repository else self._host
            raise Unauthorized(
                _("the credentials for {place} are not accepted").format(place=place)
                if credential
                else _("{place} asks for a login").format(place=place),
                hint=_("sign in with `uc login {host}`").format(host=self._host),
            )
        return self._read(answer, began)

    def _question(self, challenge: Challenge, scopes: frozenset[str], credential: Credential | None) -> Request:
        realm = self._realm(challenge)
        service = challenge.parameters.get("service", "")
        if credential is not None and credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": credential.identity_token,
                "service": service,
                "scope": " ".join(sorted(scopes)),
                "client_id": _CLIENT_ID,
            }
            body = urlencode({name: value for name, value in form.items() if value}).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            # A redirect would take the refresh token along in the body.
            return Request("POST", str(realm), kind, body, follow=False)
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in sorted(scopes)]
        query += [("account", credential.username)] if credential else []
        headers = {"Authorization": _basic(credential)} if credential else {}
        return Request("GET", str(realm.extend_query(query)), headers)

    def _realm(self, challenge: Challenge) -> URL:
        realm = address(challenge.parameters.get("realm", ""))
        if realm is None or realm.user:
            raise UnexpectedAnswer(_("{host} names no token service that can be asked").format(host=self._host))
        host = realm.host or ""
        if realm.scheme == "http" and not (
            self._in_the_clear or asked_for_plain(host, realm.port, self._client.settings)
        ):
            # Not to this machine either: what listens here is none of the registry's business.
            raise UnexpectedAnswer(
                _("{host} wants the credentials shown to {other} without TLS").format(host=self._host, other=host),
                hint=_("if that is meant, add the host to net.plain_http"),
            )
        return realm

    def _read(self, answer: Answer, began: float) -> _Token:
        document: Mapping[str, Any] = {}
        if answer.status == HTTPStatus.OK:
            with suppress(BadContent):
                document = strictjson.loads_object(answer.body, "token")
        text = document.get("token") or document.get("access_token")
        if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
            raise UnexpectedAnswer(
                _("the token service of {host} answers {status} without a token").format(
                    host=self._host, status=answer.status
                )
            )
        life = document.get("expires_in")
        seconds = life if isinstance(life, int | float) and not isinstance(life, bool) else _SHORTEST_LIFE_S
        return _Token(text, began + min(max(seconds, _SHORTEST_LIFE_S), _LONGEST_LIFE_S) - _MARGIN_S)


def _usable(challenges: tuple[Challenge, ...]) -> Challenge | None:
    """Tokens are preferred: they reach less far and end soon."""
    for scheme in ("bearer", "basic"):
        for challenge in challenges:
            if challenge.scheme == scheme:
                return challenge
    return None


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password or credential.identity_token}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
