"""What went wrong on the wire, in our own errors: they decide about the retry, and say what to do."""

import errno
import json
import os
import socket
import ssl
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from undercurrent.errors import (
    RateLimited,
    RemoteFault,
    TimedOut,
    UndercurrentError,
    UnexpectedAnswer,
    Unreachable,
)
from undercurrent.i18n import translate as _
from undercurrent.net.message import Headers
from undercurrent.net.redaction import excerpt
from undercurrent.net.retry import LONGEST_WAIT_S, retry_after

__all__ = ["NOT_TLS", "NotReachable", "PlainHttpSpoken", "Untrusted", "explain", "pushed_back", "surely_unsent"]

_COME_BACK_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
_PERMANENT_STATUS: Final = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
# OpenSSL's numbers (x509_vfy.h) for a certificate that is not valid yet, and for one that has expired.
_NOT_NOW: Final = frozenset({9, 10})
NOT_TLS: Final = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
)
"""OpenSSL's words for "that was no TLS": the first bytes were not a record."""


class NotReachable(Unreachable):
    """A connection that will not come about, however often it is tried."""

    retryable = False


class PlainHttpSpoken(NotReachable):
    """The host answered in plain HTTP where TLS was expected."""


class Untrusted(NotReachable):
    """The host has a certificate that we do not trust."""


class _NotConnected(Unreachable):
    """No connection came about, so nothing was sent."""


class _NotConnectedInTime(TimedOut):
    """No connection came about, so nothing was sent."""


class _PermanentFault(RemoteFault):
    """The server says that it will never do this."""

    retryable = False


def explain(error: BaseException, url: URL, *, socket_path: str = "") -> UndercurrentError:
    """The error of ours for one of aiohttp or asyncio that met a request to ``url``.

    Neither the text nor anything chained to it carries a query, a header or a password.
    """
    place = socket_path or _place(url)
    if tls := _tls_error(error):
        return _tls_failed(place, tls)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return NotReachable(
            _("the proxy does not let us through to {place}: {status} {reason}").format(
                place=place, status=error.status, reason=excerpt(error.message)
            ),
            hint=_proxy_hint(),
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return _no_connection(place, error)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _NotConnectedInTime(
            _("{place} does not accept connections in time").format(place=place),
            hint=_("net.connect_timeout_s sets how long to wait"),
        )
    if isinstance(error, TimeoutError):
        return TimedOut(
            _("{place} takes too long to answer").format(place=place), hint=_("net.timeout_s sets how long to wait")
        )
    return _bad_answer(place, error)


def pushed_back(status: int, headers: Headers, url: URL, body: bytes) -> UndercurrentError | None:
    """The error for an answer that no caller wants to see as one, None for the others."""
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _COME_BACK_LATER:
        return None
    place = _place(url)
    said = _said(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after(headers)
        hint = _("try again later, or sign in: registries give known users more")
        if wait is not None and wait > LONGEST_WAIT_S:
            hint = _("try again in {minutes} minutes, or sign in: registries give known users more").format(
                minutes=round(wait / 60)
            )
        return RateLimited(
            _("{place} wants fewer requests{said}").format(place=place, said=said), hint=hint, retry_after=wait
        )
    if status == HTTPStatus.REQUEST_TIMEOUT:
        return TimedOut(_("{place} gave up waiting for the request").format(place=place))
    kind = _PermanentFault if status in _PERMANENT_STATUS else RemoteFault
    return kind(
        _("{place} failed with status {status}{said}").format(place=place, status=status, said=said),
        hint=_("the fault is on that side; try again later"),
        retry_after=retry_after(headers),
    )


def surely_unsent(error: UndercurrentError) -> bool:
    """Whether the request that met ``error`` was certainly not acted upon."""
    return isinstance(error, RateLimited | _NotConnected | _NotConnectedInTime)


def _place(url: URL) -> str:
    """Host and port as people write them."""
    host = url.host_subcomponent or ""
    return host if url.is_default_port() or not url.port else f"{host}:{url.port}"


def _proxy_hint() -> str:
    return _("check HTTPS_PROXY and HTTP_PROXY; NO_PROXY excludes hosts")


def _tls_error(error: BaseException) -> BaseException | None:
    found: BaseException | None = None
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        found = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorSSLError):
        found = error.os_error
    elif isinstance(error, ssl.SSLError):
        found = error
    return found


def _tls_failed(place: str, error: BaseException) -> UndercurrentError:
    if isinstance(error, ssl.CertificateError):
        reason = getattr(error, "verify_message", "") or str(error)
        hint = _("if it comes from your own authority, name its certificate in net.ca_bundle (or SSL_CERT_FILE)")
        if getattr(error, "verify_code", 0) in _NOT_NOW:
            now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
            hint = _("check the clock of this machine: here it is {now} UTC").format(now=now)
        return Untrusted(
            _("the TLS certificate of {place} is not trusted: {reason}").format(place=place, reason=excerpt(reason)),
            hint=hint,
        )
    if getattr(error, "reason", "") in NOT_TLS:
        return PlainHttpSpoken(
            _("{place} does not speak TLS").format(place=place),
            hint=_("if it is meant to be talked to in plain HTTP, add it to net.plain_http"),
        )
    return _NotConnected(_("no TLS connection to {place}: {reason}").format(place=place, reason=_reason(error)))


def _no_connection(place: str, error: aiohttp.ClientConnectorError) -> UndercurrentError:
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return _NotConnected(
            _("the proxy for {place} does not answer: {reason}").format(place=place, reason=_reason(error)),
            hint=_proxy_hint(),
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _unknown_host(place, error.os_error)
    match error.os_error.errno:
        case errno.ENOENT:
            return NotReachable(
                _("there is no socket {place}").format(place=place), hint=_("check that the service behind it runs")
            )
        case errno.EACCES:
            return NotReachable(_("you may not use {place}").format(place=place))
        case errno.ECONNREFUSED:
            return _NotConnected(
                _("{place} refuses connections").format(place=place),
                hint=_("check that the service runs, and the port"),
            )
    return _NotConnected(_("no connection to {place}: {reason}").format(place=place, reason=_reason(error)))


def _unknown_host(place: str, error: OSError) -> UndercurrentError:
    hint = _("check the spelling, and the network")
    if error.errno == socket.EAI_AGAIN:
        return _NotConnected(_("the address of {place} cannot be looked up now").format(place=place), hint=hint)
    return NotReachable(_("there is no host {place}").format(place=place), hint=hint)


def _bad_answer(place: str, error: BaseException) -> UndercurrentError:
    match error:
        case aiohttp.ClientResponseError():
            return UnexpectedAnswer(
                _("{place} does not answer in HTTP: {reason}").format(place=place, reason=excerpt(error.message))
            )
        case aiohttp.ClientPayloadError():
            return Unreachable(_("{place} cut its answer off").format(place=place))
    return Unreachable(_("the connection to {place} broke: {reason}").format(place=place, reason=_reason(error)))


def _reason(error: BaseException) -> str:
    inner = getattr(error, "os_error", error)
    text = getattr(inner, "reason", None) or getattr(inner, "strerror", None)
    if isinstance(inner, OSError) and not isinstance(inner, ssl.SSLError) and inner.errno and inner.errno > 0:
        text = os.strerror(inner.errno)  # where asyncio says "Connect call failed (…)" in its place
    if not isinstance(text, str):
        text = (
            _("closed by the other side") if isinstance(inner, aiohttp.ClientConnectionError) else type(inner).__name__
        )
    return excerpt(_(text))


def _said(body: bytes) -> str:
    """What the body says about the error, ready to be appended to a sentence."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
        first = document["errors"][0] if "errors" in document else document
        text = str(first.get("message") or first.get("details") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        text = "" if "<" in text else text  # a page for browsers
    line = excerpt(text)
    return _(": {text}").format(text=line) if line else ""
