"""Whom we believe: certificates, and the few hosts that may be talked to in the clear."""

import asyncio
import os
import ssl
from functools import lru_cache
from pathlib import Path

from yarl import URL

from undercurrent.errors import ConfigError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.net.faults import NOT_TLS, NotReachable
from undercurrent.net.proxies import is_loopback
from undercurrent.settings import NetSettings

__all__ = ["asked_for_plain", "check_scheme", "speaks_no_tls", "tls_context"]


def tls_context(ca_bundle: Path | None) -> ssl.SSLContext:
    """A context that trusts the system's certificates (or ``SSL_CERT_FILE``, ``SSL_CERT_DIR``) and ``ca_bundle``.

    Raises:
        ConfigError: ``ca_bundle`` cannot be read or holds no certificate.
    """
    if ca_bundle is None:
        return _of_the_system(*(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")))
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except ssl.SSLError as error:
        raise ConfigError(
            _("{path} holds no certificate that can be read").format(path=ca_bundle),
            hint=_("net.ca_bundle names a file of certificates in PEM form (-----BEGIN CERTIFICATE-----)"),
        ) from error
    except OSError as error:
        raise ConfigError(
            _("cannot read {path}: {reason}").format(path=ca_bundle, reason=system_reason(error)),
            hint=_("net.ca_bundle names a file of certificates in PEM form (-----BEGIN CERTIFICATE-----)"),
        ) from error
    return context


@lru_cache(maxsize=4)
def _of_the_system(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Read once: there are over a hundred certificates. The variables are those that OpenSSL looks at."""
    return ssl.create_default_context()


async def speaks_no_tls(url: URL, within_s: float) -> bool:
    """Whether something else than TLS is surely spoken at ``url``, which no proxy leads to.

    Nobody is trusted for that: reading the system's certificates takes longer than a short run asks of a registry.

    Args:
        url: only its host and its port count.
        within_s: seconds that the answer may take.
    """
    trusts_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        async with asyncio.timeout(within_s):
            _reader, writer = await asyncio.open_connection(url.host, url.port, ssl=trusts_nobody)
    except ssl.SSLError as error:
        return error.reason in NOT_TLS
    except (OSError, TimeoutError):
        return False
    writer.close()
    return False


def asked_for_plain(host: str, port: int | None, settings: NetSettings) -> bool:
    """Whether the user wants ``host`` to be talked to without TLS."""
    return host in settings.plain_http or f"{host}:{port}" in settings.plain_http


def check_scheme(url: URL, settings: NetSettings) -> None:
    """Lets https pass, and http where it was asked for.

    Raises:
        NotReachable: it must not be talked to like this.
    """
    host = url.host or ""
    allowed = is_loopback(host) or asked_for_plain(host, url.port, settings)
    if url.scheme == "https" or (url.scheme == "http" and allowed):
        return
    raise NotReachable(
        _("{host} would have to be talked to without TLS").format(host=host or url.scheme),
        hint=_("if that is meant, add the host to net.plain_http"),
    )
