"""Credential helpers: programs that keep credentials in the system's keychain.

Protocol: https://github.com/docker/docker-credential-helpers#development
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from undercurrent.errors import ConfigError, EnvironmentLacks, TimedOut
from undercurrent.i18n import translate as _
from undercurrent.processes import call

__all__ = ["ask_helper"]

_TIME_LIMIT_S: Final = 60.0
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# The words, from docker-credential-helpers/credentials/error.go, are part of the protocol.
_NOT_FOUND: Final = b"credentials not found"


async def ask_helper(helper: str, action: str, text: str, configured_in: Path) -> Mapping[str, Any] | None:
    """Runs ``docker-credential-HELPER ACTION`` with ``text`` on its standard input.

    Args:
        helper: the part of its name after ``docker-credential-``.
        action: get, store or erase.
        text: a server's key, or a JSON document to store.
        configured_in: the file that names the helper, for messages.

    Returns:
        The object it printed, {} where it prints none, None if it knows no such credential.

    Raises:
        ConfigError: ``helper`` is no name of a program.
        MissingTool: it is not installed.
        EnvironmentLacks: it fails, or does not end.
    """
    program = f"docker-credential-{helper}"
    if not _NAME.fullmatch(helper):
        raise ConfigError(_("{path}: {name!r} is not a credential helper").format(path=configured_in, name=helper))
    try:
        ran = await call(
            *(program, action),
            timeout_s=_TIME_LIMIT_S,
            stdin=text.encode(),
            install=_("install it, or take it out of credsStore and credHelpers in {path}").format(path=configured_in),
        )
    except TimedOut:  # it asks its user, who is not there: asking again is of no use
        raise EnvironmentLacks(_("{program} does not finish").format(program=program)) from None
    return _read(ran.stdout, ran.code, program, action)


def _read(output: bytes, status: int, program: str, action: str) -> Mapping[str, Any] | None:
    if status != 0:
        if _NOT_FOUND in output:
            return None
        # What it printed stays out of the message: it may be a secret.
        raise EnvironmentLacks(
            _("{program} {action} failed with status {status}").format(program=program, action=action, status=status),
            hint=_("run it by hand to see why; a locked keychain is the usual reason"),
        )
    try:
        document = json.loads(output or b"{}") if action == "get" else {}
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise EnvironmentLacks(_("{program} does not answer in JSON").format(program=program)) from None
    return document
