"""Which proxy a URL goes through: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

As Go's net/http and curl read them, because the tools beside this one do
(https://pkg.go.dev/golang.org/x/net/http/httpproxy, https://everything.curl.dev/usingcurl/proxies/env.html).
"""

import ipaddress
import os
from collections.abc import Mapping
from functools import lru_cache

from yarl import URL

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.net.redaction import redact

__all__ = ["is_loopback", "proxy_for"]


@lru_cache(1024)  # it is asked for each request
def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, without port) is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(url: URL, environ: Mapping[str, str] = os.environ) -> URL | None:
    """The proxy for ``url``, None for a direct connection; this machine is never reached through one.

    Raises:
        ConfigError: the environment names a proxy that cannot be used.
    """
    host = url.host or ""
    if is_loopback(host) or _excluded(host, url.port, environ):
        return None
    # Upper-case HTTP_PROXY would be a request header's value in CGI programs; this is none, so it counts.
    names = (f"{url.scheme}_proxy", f"{url.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    name = next((candidate for candidate in names if environ.get(candidate)), None)
    if name is None:
        return None
    text = environ[name] if "://" in environ[name] else f"http://{environ[name]}"
    try:
        proxy = URL(text)
    except ValueError:
        proxy = URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise ConfigError(
            _("{name}={value} is not a proxy that can be used").format(name=name, value=redact(text)),
            hint=_("write http://HOST:PORT or https://HOST:PORT"),
        )
    return proxy


def _excluded(host: str, port: int | None, environ: Mapping[str, str]) -> bool:
    listed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return any(_matches(entry, host, port) for entry in listed.replace(",", " ").split())


def _matches(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(entry, host)
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        entry = name
    entry, host = entry.strip("[]").lower(), host.lower().rstrip(".")
    # ".example.com" covers what is below it, "example.com" also itself.
    return host == entry or host.endswith(entry if entry.startswith(".") else f".{entry}")


def _in_network(network: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
