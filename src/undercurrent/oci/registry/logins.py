"""Signing in to a registry and out again, in the files that Docker and podman read, too."""

import asyncio
import base64
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undercurrent.errors import EnvironmentLacks, InvalidReference, NotFound, UsageError
from undercurrent.i18n import listed, system_reason
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.oci.files.durable import replacing
from undercurrent.oci.reference import DOCKER_HUB, Reference
from undercurrent.oci.registry.credentials import (
    HUB_KEY,
    Credential,
    Fixed,
    credential_files,
    helper_for,
    read_document,
    same_key,
)
from undercurrent.oci.registry.helperprogram import ask_helper
from undercurrent.oci.registry.host import Registry

__all__ = ["Login", "login", "logout", "registry_host"]


@dataclass(frozen=True, slots=True)
class Login:
    """Where a credential was put.

    Attributes:
        host: the registry it is for.
        file: the configuration that holds it, or names the helper that does.
        helper: the program that keeps it, ``docker-credential-…``; "" where the file does.
        verified: False where the registry asks nobody who they are, so that nobody knows whether it is right.
    """

    host: str
    file: Path
    helper: str
    verified: bool


async def login(
    host: str, username: str, password: str, *, client: Client, environ: Mapping[str, str] = os.environ
) -> Login:
    """Shows the credential to the registry, and keeps it if that accepts it.

    It goes to the credential helper if one is configured; else into REGISTRY_AUTH_FILE where that is set, or
    Docker's ``config.json``, readable by its owner only. What else these files hold stays as it is.

    Raises:
        UsageError: ``host`` is no registry.
        Unauthorized: the registry does not accept it; nothing is changed then.
        CouldNotCheck: the registry does not answer.
        ConfigError: the file cannot be read.
        EnvironmentLacks: the file cannot be written, or the credential helper fails.
    """
    host = registry_host(host)
    credential = Credential(username, password)
    verified = await Registry(host, client, Fixed(host, credential)).verify()
    file = credential_files(environ)[0]
    key = HUB_KEY if host == DOCKER_HUB else host
    helper = helper_for(read_document(file) or {}, file, host)
    if helper:
        secret = {"ServerURL": key, "Username": username, "Secret": password}
        await ask_helper(helper, "store", json.dumps(secret), file)
    auth = {} if helper else {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}

    def change(document: dict[str, Any]) -> bool:
        auths = document.setdefault("auths", {})
        for known in [known for known in auths if same_key(known, key)]:
            del auths[known]
        auths[key] = auth
        return True

    await asyncio.to_thread(_rewrite, file, change)
    return Login(host, file, f"docker-credential-{helper}" if helper else "", verified)


async def logout(host: str, *, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Forgets the credential for a registry, in every file and helper that has one.

    Returns:
        The files that held it, or named the helper that did.

    Raises:
        UsageError: ``host`` is no registry.
        NotFound: there is none.
        ConfigError, EnvironmentLacks: a file or a helper cannot be used.
    """
    host = registry_host(host)
    key = HUB_KEY if host == DOCKER_HUB else host
    cleared = []
    for file in credential_files(environ):
        document = read_document(file)
        if document is None:
            continue
        helper = helper_for(document, file, host)
        held = bool(helper) and await ask_helper(helper, "get", key, file) is not None
        if held:
            await ask_helper(helper, "erase", key, file)

        def change(document: dict[str, Any]) -> bool:
            auths = document.get("auths") or {}
            found = [known for known in auths if same_key(known, key)]
            for known in found:
                del auths[known]
            return bool(found)

        if await asyncio.to_thread(_rewrite, file, change) or held:
            cleared.append(file)
    if not cleared:
        raise NotFound(
            _("nobody is signed in to {host}").format(host=host),
            hint=_("looked in: {files}").format(files=listed(str(file) for file in credential_files(environ))),
        )
    return tuple(cleared)


def registry_host(text: str) -> str:
    """The registry that ``text`` names, as references write it; a scheme and slashes at the end are taken off.

    Raises:
        UsageError: it names none.
    """
    host = text.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    if host and "/" not in host:
        with suppress(InvalidReference):
            return Reference.parse("name", default_registry=host).registry
    raise UsageError(
        _("{text!r} is not a registry").format(text=text[:200]),
        hint=_("write HOST or HOST:PORT, such as ghcr.io; docker.io is Docker Hub"),
    )


def _rewrite(file: Path, change: Callable[[dict[str, Any]], bool]) -> bool:
    """Changes a configuration in place, whole or not at all; says whether there was anything to change."""
    document = read_document(file) or {}
    if not change(document):
        return False
    target = file.resolve()  # a link to where somebody keeps all such files stays one
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be made: {reason}").format(path=target.parent, reason=system_reason(error))
        ) from error
    with replacing(target, target.parent) as output:
        os.fchmod(output.fileno(), 0o600)
        output.write(json.dumps(document, indent="\t", ensure_ascii=False).encode() + b"\n")
    return True
