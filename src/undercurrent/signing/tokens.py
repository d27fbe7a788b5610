"""Keys in tokens and hardware modules, by PKCS #11: the key never leaves; what is to be signed goes in.

The library that talks to a token blocks, and may not be called by two threads at once. So all calls, to all tokens,
are made in one thread of their own, one after the other. That is the one thing here that goes on behind a caller's
back; it begins with the first call.
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from undercurrent.errors import InvalidKey, SignerFailed, UndercurrentError, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.progress import Noted, Observer, silent
from undercurrent.signing import cryptoki
from undercurrent.signing.algorithms import PublicKey, Signer
from undercurrent.signing.cryptoki import FoundToken, OpenKey
from undercurrent.signing.keys import Password
from undercurrent.signing.pkcs11uri import Pkcs11Uri

__all__ = ["open_token_key", "token_public_key"]

_MODULE: Final = "COSIGN_PKCS11_MODULE_PATH"
_LONGEST_PIN: Final = 1024
_THREAD: Final = ThreadPoolExecutor(1, thread_name_prefix="pkcs11")

Result = TypeVar("Result")


@asynccontextmanager
async def open_token_key(
    uri: Pkcs11Uri, password: Password = None, *, observer: Observer = silent
) -> AsyncIterator[Signer]:
    """A key in a token, until the block ends.

    Args:
        uri: which.
        password: the PIN, if ``uri`` names no file with it; asked for only if the token wants one. It is tried once,
            because tokens lock themselves after a few wrong ones.
        observer: is told when the next wrong PIN would lock the token, and when the token asks for the PIN itself.

    Raises:
        MissingExtra: python-pkcs11 is not installed.
        NotFound: there is no such token, or no such key in it.
        UsageError: several tokens or keys are meant, or nobody says which library to use.
        InvalidKey: the PIN is wrong or missing, or the key is of a kind that is not supported.
        SignerFailed: the library or the token does not do its part.
    """
    token = await _call(uri, lambda: cryptoki.find_token(uri, _module(uri)))
    pin = _pin(uri, token, password, observer)
    key = await _call(uri, lambda: cryptoki.open_key(uri, token, pin))
    try:
        yield _TokenKey(uri, key)
    finally:
        with suppress(UndercurrentError):  # of a token that is gone, nothing has to be closed
            await _call(uri, key.close)


async def token_public_key(uri: Pkcs11Uri) -> PublicKey:
    """The public half of a key in a token, which takes no PIN.

    Raises:
        UndercurrentError: as `open_token_key` does.
    """
    return await _call(uri, lambda: cryptoki.read_public(uri, cryptoki.find_token(uri, _module(uri))))


class _TokenKey(Signer):
    def __init__(self, uri: Pkcs11Uri, key: OpenKey) -> None:
        self._uri = uri
        self._key = key

    @property
    def public(self) -> PublicKey:
        return self._key.public

    async def sign(self, data: bytes) -> bytes:
        signature = await _call(self._uri, lambda: self._key.sign(data))
        if not self.public.verify(signature, data):
            raise SignerFailed(
                _("{key}: the public key in the token does not verify what this key signs").format(key=self._uri),
                hint=_("give each key pair an id of its own"),
            )
        return signature


async def _call(uri: Pkcs11Uri, function: Callable[[], Result]) -> Result:
    """Runs ``function`` in the one thread."""

    def run() -> Result:
        with cryptoki.explained(uri):
            return function()

    return await asyncio.get_running_loop().run_in_executor(_THREAD, run)


def _module(uri: Pkcs11Uri) -> str:
    if module := uri.module or os.environ.get(_MODULE):
        return module
    raise UsageError(
        _("{key}: nobody says which library talks to the token").format(key=uri),
        hint=_("add ?module-path=/usr/lib/softhsm/libsofthsm2.so or the like, or set {variable}").format(
            variable=_MODULE
        ),
    )


def _pin(uri: Pkcs11Uri, token: FoundToken, password: Password, observer: Observer) -> str | None:
    """The PIN; None for a token that wants none, or that asks for it itself."""
    if not token.wants_pin:
        return None
    if token.has_keypad:
        observer(Noted(_("the token {token} asks for the PIN itself").format(token=token.label)))
        return None
    if token.last_try:
        observer(Noted(_("the next wrong PIN locks the token {token}").format(token=token.label)))
    if uri.pin_source:
        pin = _read_pin(uri, observer)
    elif password is None:
        raise InvalidKey(
            _("{key}: the token wants a PIN, and there is none").format(key=uri),
            hint=_("set COSIGN_PKCS11_PIN, name a file with pin-source, or run where a PIN can be typed"),
        )
    else:
        pin = password if isinstance(password, bytes) else password()
    try:
        return pin.decode()
    except UnicodeDecodeError as error:
        raise InvalidKey(_("{key}: the PIN is not text").format(key=uri)) from error


def _read_pin(uri: Pkcs11Uri, observer: Observer) -> bytes:
    try:
        with Path(uri.pin_source).open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                text = _("{path} holds a PIN that other users may read; run: chmod 600 {path}")
                observer(Noted(text.format(path=uri.pin_source)))
            return file.readline(_LONGEST_PIN).rstrip(b"\r\n")
    except OSError as error:
        raise InvalidKey(
            _("{key}: the PIN cannot be read from {path}: {reason}").format(
                key=uri, path=uri.pin_source, reason=system_reason(error)
            )
        ) from error
