"""Where identity tokens come from: handed over, of the job that this runs in, or of somebody at a browser."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from undercurrent.errors import TimedOut, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.progress import Noted, Observer, silent
from undercurrent.signing.keyless import adapter
from undercurrent.signing.keyless.identitytoken import AUDIENCE, MAX_TOKEN, IdentityToken, TokenSource, parse_token

__all__ = ["SIGN_IN_S", "Tokens", "found_here", "from_file", "given"]

SIGN_IN_S: Final = 300.0
"""Seconds that somebody has to sign in with a browser."""

Tokens: TypeAlias = Callable[[str], TokenSource]
"""Where tokens come from, once it is known where people sign in to an instance: a URL, or "" where they cannot."""


def given(raw: str) -> Tokens:
    """Always this token, as long as it is valid."""

    async def source() -> IdentityToken:
        return parse_token(raw)

    return lambda _issuer: source


def from_file(file: Path) -> Tokens:
    """What is in ``file`` whenever a token is asked for: whoever keeps it there may renew it."""

    async def source() -> IdentityToken:
        try:
            with file.open("rb") as opened:
                raw = opened.read(MAX_TOKEN + 1)
        except OSError as error:
            raise UsageError(
                _("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))
            ) from error
        return parse_token(raw.decode(errors="replace").strip())

    return lambda _issuer: source


def found_here(*, interactive: bool, observer: Observer = silent) -> Tokens:
    """The token of the job that this runs in; where this is no job, that of whoever signs in with a browser.

    Args:
        interactive: whether there is anybody to ask.
        observer: is told that somebody is waited for.
    """

    async def source(issuer: str) -> IdentityToken:
        raw = await asyncio.to_thread(adapter.ambient_token, AUDIENCE)
        if raw is None:
            if not interactive or not issuer:
                raise UsageError(
                    _("there is no identity token, and nobody to ask"),
                    hint=_("run it in a CI job that has one, set SIGSTORE_ID_TOKEN, or use --identity-token-fd"),
                )
            observer(Noted(_("waiting until you have signed in at {issuer}").format(issuer=issuer)))
            raw = await _in_time(partial(adapter.browser_token, issuer))
        return parse_token(raw)

    return lambda issuer: partial(source, issuer)


async def _in_time(sign_in: Callable[[], str]) -> str:
    """What ``sign_in`` returns. Its thread is left behind if nobody signs in: nothing else ends it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def settle(result: str | BaseException) -> None:
        if done.cancelled():
            return
        if isinstance(result, BaseException):
            done.set_exception(result)
        else:
            done.set_result(result)

    def run() -> None:
        try:
            result: str | BaseException = sign_in()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            result = error
        loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=run, daemon=True).start()
    try:
        return await asyncio.wait_for(done, SIGN_IN_S)
    except TimeoutError:
        raise TimedOut(_("nobody signed in within {minutes} minutes").format(minutes=round(SIGN_IN_S / 60))) from None
