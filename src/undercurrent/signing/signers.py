"""Opens whatever has the key that a user names: a file, an environment variable, a token, a plug-in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from undercurrent.progress import Observer, silent
from undercurrent.signing import pkcs11uri
from undercurrent.signing.algorithms import PublicKey, Signer
from undercurrent.signing.keys import Password, load_any, load_signer
from undercurrent.signing.pkcs11uri import Pkcs11Uri

__all__ = ["is_file", "open_signer", "public_key"]

_PLUGIN: Final = re.compile(r"(?!env://)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_file(source: Path | str) -> bool:
    """Whether ``source`` is a path: neither ``env://``, nor a token's key, nor a plug-in's."""
    text = str(source)
    return not (text.startswith((pkcs11uri.SCHEME, "env://")) or _PLUGIN.match(text))


@asynccontextmanager
async def open_signer(
    source: Path | str, password: Password = None, *, observer: Observer = silent
) -> AsyncIterator[Signer]:
    """Whatever signs with the key that ``source`` names, until the block ends.

    Args:
        source: path, ``env://VARIABLE``, ``pkcs11:…`` (RFC 7512), or ``NAME://…`` of a plug-in.
        password: of an encrypted file, or the PIN of a token; plug-ins have ways of their own.
        observer: is told what the user should know about the key.

    Raises:
        UndercurrentError: as `load_signer`, `open_token_key` or `open_plugin_signer` do.
    """
    text = str(source)
    if text.startswith(pkcs11uri.SCHEME):
        from undercurrent.signing.tokens import open_token_key  # noqa: PLC0415 - most keys are files

        async with open_token_key(Pkcs11Uri.parse(text), password, observer=observer) as signer:
            yield signer
    elif _PLUGIN.match(text):
        from undercurrent.signing.plugins import open_plugin_signer  # noqa: PLC0415 - likewise

        async with open_plugin_signer(text) as signer:
            yield signer
    else:
        yield load_signer(source, password, observer=observer)


async def public_key(source: Path | str, password: Password = None) -> PublicKey:
    """The public half of the key that ``source`` names, or the public key itself.

    Args:
        source: as `open_signer` takes it, or a public key's file or variable.
        password: of an encrypted file; a token shows public keys without its PIN.

    Raises:
        UndercurrentError: as `open_signer`.
    """
    text = str(source)
    if text.startswith(pkcs11uri.SCHEME):
        from undercurrent.signing.tokens import token_public_key  # noqa: PLC0415 - most keys are files

        return await token_public_key(Pkcs11Uri.parse(text))
    if _PLUGIN.match(text):
        from undercurrent.signing.plugins import open_plugin_signer  # noqa: PLC0415 - likewise

        async with open_plugin_signer(text) as signer:
            return signer.public
    return load_any(source, password)
