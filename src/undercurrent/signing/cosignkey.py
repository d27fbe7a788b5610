"""cosign's encrypted key files: PKCS #8 in a NaCl secretbox, its key from the password by scrypt, in PEM.

Format: https://github.com/secure-systems-lab/go-securesystemslib/blob/v0.11.0/encrypted/encrypted.go
"""

import base64
import binascii
import hashlib
import json
import os
from typing import Any, Final

from undercurrent.errors import BadContent, InvalidKey
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson

__all__ = ["LABELS", "seal", "unseal"]

LABELS: Final = ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")
"""PEM labels of these files; the first is written."""

_SCRYPT: Final = frozenset({(32768, 8, 1), (65536, 8, 1), (131072, 8, 1)})
"""What cosign accepts: other parameters would let a key file take all memory."""
_WRITTEN: Final = {"N": 65536, "r": 8, "p": 1}
_MEMORY: Final = 256 * 1024 * 1024
"""OpenSSL refuses more than 32 MiB unless told; N=131072 needs 128 MiB."""
_SALT: Final = 32
_NONCE: Final = 24
_KEY: Final = 32
"""Bytes that NaCl's secretbox takes (https://nacl.cr.yp.to/secretbox.html)."""


def seal(pkcs8: bytes, password: bytes) -> bytes:
    """The PEM file for a private key.

    Args:
        pkcs8: the key, DER.
        password: may be empty, as in cosign.
    """
    from nacl import bindings  # noqa: PLC0415 - whoever verifies does without

    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    box = bindings.crypto_secretbox(pkcs8, nonce, _derive(password, salt, **_WRITTEN))
    document = {
        "kdf": {"name": "scrypt", "params": _WRITTEN, "salt": _base64(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _base64(nonce)},
        "ciphertext": _base64(box),
    }
    body = _base64(json.dumps(document, separators=(",", ":")).encode())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {LABELS[0]}-----", *lines, f"-----END {LABELS[0]}-----", ""]).encode()


def unseal(document: bytes, password: bytes, where: str) -> bytes:
    """The PKCS #8 private key, DER, out of such a file. Takes half a second: do it once.

    Args:
        document: the JSON inside the PEM.
        password: as the file was made with.
        where: names the file in errors.

    Raises:
        InvalidKey: the file is damaged, uses what is not supported, or has another password.
    """
    try:
        content = strictjson.loads_object(document, where)
        kdf, cipher = content["kdf"], content["cipher"]
        params = kdf["params"]
        cost = (params["N"], params["r"], params["p"])
        names = (kdf["name"], cipher["name"])
        salt, nonce, box = (_bytes(item) for item in (kdf["salt"], cipher["nonce"], content["ciphertext"]))
    except (BadContent, KeyError, TypeError, binascii.Error) as error:
        raise _damaged(where) from error
    if names != ("scrypt", "nacl/secretbox") or not _known(cost):
        raise InvalidKey(
            _("{where} is encrypted in a way that cosign does not use").format(where=where),
            hint=_("make the file again with `uc key import` or `cosign import-key-pair`"),
        )
    if len(nonce) != _NONCE:
        raise _damaged(where)
    from nacl import bindings  # noqa: PLC0415 - whoever verifies does without
    from nacl.exceptions import CryptoError  # noqa: PLC0415

    try:
        return bindings.crypto_secretbox_open(box, nonce, _derive(password, salt, *cost))
    except (CryptoError, ValueError) as error:
        raise InvalidKey(
            _("{where}: the password does not open this key").format(where=where),
            hint=_("check COSIGN_PASSWORD; if the password is right, the file was changed or damaged"),
        ) from error


def _derive(password: bytes, salt: bytes, N: int, r: int, p: int) -> bytes:  # noqa: N803 - the format's names
    return hashlib.scrypt(password, salt=salt, n=N, r=r, p=p, maxmem=_MEMORY, dklen=_KEY)


def _known(cost: tuple[Any, ...]) -> bool:
    return all(type(number) is int for number in cost) and cost in _SCRYPT


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or not value.isascii():
        raise TypeError(value)
    return base64.b64decode(value, validate=True)


def _damaged(where: str) -> InvalidKey:
    return InvalidKey(
        _("{where} is not a cosign key file, though it says so").format(where=where),
        hint=_("restore it from a copy"),
    )
