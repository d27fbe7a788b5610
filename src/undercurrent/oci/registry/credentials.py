"""Whom a registry knows us as: what ``docker login``, ``podman login`` and ``uc login`` have left.

Formats: https://github.com/docker/cli/blob/master/cli/config/configfile/file.go and
https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
"""

import asyncio
import base64
import binascii
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from undercurrent.errors import ConfigError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.reference import DOCKER_HUB
from undercurrent.oci.registry.helperprogram import ask_helper

__all__ = [
    "HUB_KEY",
    "Credential",
    "CredentialSource",
    "Credentials",
    "Fixed",
    "credential_files",
    "helper_for",
    "keys_for",
    "read_document",
    "same_key",
]

HUB_KEY: Final = "https://index.docker.io/v1/"
"""What Docker's files call Docker Hub."""
_LARGEST_FILE: Final = 4 * 1024 * 1024
_HELPER_S: Final = 600.0
_TOKEN_USER: Final = "<token>"  # noqa: S105 - a helper's word for "the secret is an identity token"


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name with a password, or an identity token (an OAuth2 refresh token) instead. Never printed."""

    username: str
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


class CredentialSource(Protocol):
    """Knows credentials."""

    async def find(self, host: str, repository: str = "") -> Credential | None:
        """What to show ``host`` for ``repository``; None for "nothing": ask as a stranger."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same credential for one host, None to be a stranger everywhere."""

    host: str = ""
    credential: Credential | None = None

    async def find(self, host: str, repository: str = "") -> Credential | None:  # noqa: ARG002 - the protocol's
        """The credential if ``host`` is the one it is for."""
        return self.credential if host == self.host else None


class Credentials:
    """CredentialSource from the files and credential helpers of Docker and podman.

    Args:
        environ: names files: REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME.
        files: read these instead.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        files: Sequence[Path] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = tuple(credential_files(environ) if files is None else files)
        self._clock = clock
        self._documents: dict[Path, Mapping[str, Any] | None] = {}
        self._asking = asyncio.Lock()
        self._told: dict[tuple[str, str], tuple[float, Credential | None]] = {}

    async def find(self, host: str, repository: str = "") -> Credential | None:
        """The credential of the first file that has one, for the longest part of ``host/repository`` it names.

        Raises:
            ConfigError: a file cannot be read, or is not what it should be.
            MissingTool: a file names a credential helper that is not installed.
            EnvironmentLacks: a credential helper fails.
        """
        for path in self._files:
            if path not in self._documents:
                self._documents[path] = read_document(path)
            document = self._documents[path]
            if document and (found := await self._find_in(document, path, host, repository)):
                return found
        return None

    async def _find_in(self, document: Mapping[str, Any], path: Path, host: str, repository: str) -> Credential | None:
        helpers, store = _table(document, "credHelpers", path), document.get("credsStore")
        entries = {_plain(key): entry for key, entry in _table(document, "auths", path).items()}
        for key in keys_for(host, repository):
            if isinstance(helper := helpers.get(key), str) and helper:
                return await self._from_helper(helper, key, path)
            if (entry := entries.get(_plain(key))) and (found := _from_entry(entry, key, path)):
                return found
        if isinstance(store, str) and store:
            return await self._from_helper(store, HUB_KEY if host == DOCKER_HUB else host, path)
        return None

    async def _from_helper(self, helper: str, key: str, path: Path) -> Credential | None:
        async with self._asking:  # one keychain prompt at a time, and one for all who wait for the same answer
            ends, credential = self._told.get((helper, key), (0.0, None))
            if ends <= self._clock():
                credential = _from_answer(await ask_helper(helper, "get", key, path))
                self._told[helper, key] = (self._clock() + _HELPER_S, credential)
            return credential


def helper_for(document: Mapping[str, Any], path: Path, host: str) -> str:
    """The credential helper that a configuration wants to be used for ``host``, "" for none.

    Raises:
        ConfigError: the configuration is not what it should be.
    """
    helpers = _table(document, "credHelpers", path)
    for candidate in [*(helpers.get(key) for key in keys_for(host)), document.get("credsStore")]:
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""


def same_key(one: str, other: str) -> bool:
    """Whether two keys of a configuration mean the same registry."""
    return _plain(one) == _plain(other)


def credential_files(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The files that may hold credentials, those that win first."""
    if named := environ.get("REGISTRY_AUTH_FILE"):
        return (Path(named),)
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    runtime = environ.get("XDG_RUNTIME_DIR")
    return (
        Path(environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json",
        Path(runtime) / "containers/auth.json" if runtime else Path(f"/run/containers/{os.getuid()}/auth.json"),
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers/auth.json",
    )


def keys_for(host: str, repository: str = "") -> Iterator[str]:
    """The keys under which a credential may stand, the most specific first."""
    hosts = (host, HUB_KEY, "index.docker.io") if host == DOCKER_HUB else (host,)
    parts = repository.split("/") if repository else []
    for length in range(len(parts), -1, -1):
        for name in hosts:
            if not length:
                yield name
            elif name != HUB_KEY:
                yield "/".join([name, *parts[:length]])


def read_document(path: Path) -> dict[str, Any] | None:
    """The configuration in ``path``; None if there is no such file.

    Raises:
        ConfigError: it cannot be read, or is not a JSON object.
    """
    hint = _("fix the file, or name another one in DOCKER_CONFIG or REGISTRY_AUTH_FILE")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigError(_("{path} is too large for a file of credentials").format(path=path), hint=hint)
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            _("cannot read {path}: {reason}").format(path=path, reason=system_reason(error)), hint=hint
        ) from error
    try:
        document = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        # Not chained, nor quoted: what does not parse may still hold a password.
        raise ConfigError(_("{path} is not valid JSON with an object in it").format(path=path), hint=hint) from None
    return document


def _table(document: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    value = document.get(name)
    if value is not None and not isinstance(value, dict):
        raise ConfigError(_("{path}: {name} is not an object").format(path=path, name=name))
    return value or {}


def _plain(key: str) -> str:
    """Docker once wrote keys as URLs; only their host counts then (its credentials.ConvertToHostname)."""
    scheme, _sep, rest = key.partition("://")
    if scheme in {"http", "https"}:
        key = rest.partition("/")[0]
    return DOCKER_HUB if key == "index.docker.io" else key


def _from_entry(entry: Any, key: str, path: Path) -> Credential | None:
    if not isinstance(entry, dict):
        raise ConfigError(_("{path}: the entry for {key} is not an object").format(path=path, key=key))
    token = entry.get("identitytoken")
    username, password = entry.get("username"), entry.get("password")
    if encoded := entry.get("auth"):
        try:
            decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, ValueError, TypeError):
            decoded = ""
        username, colon, password = decoded.partition(":")
        if not colon:
            raise ConfigError(
                _("{path}: the entry for {key} holds no user name and password").format(path=path, key=key),
                hint=_("`uc login {host}` writes it anew").format(host=key),
            ) from None
        password = password.rstrip("\0")  # as Docker does: an old version padded
    if not username and not token:
        return None
    return Credential(str(username or ""), str(password or ""), str(token or ""))


def _from_answer(answer: Mapping[str, Any] | None) -> Credential | None:
    username, secret = (answer or {}).get("Username"), (answer or {}).get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return None
    if username == _TOKEN_USER:
        return Credential("", "", secret)
    return Credential(username, secret)
