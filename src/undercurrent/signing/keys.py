"""Key files: read whatever people have, write what cosign reads.

Read: cosign's encrypted files; PEM as PKCS #8 (plain or encrypted), SEC 1 and PKCS #1; public keys as PEM. A key
in an environment variable is named ``env://VARIABLE``, as in cosign. Written: cosign's files, mode 0600.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from undercurrent.errors import EnvironmentLacks, InvalidKey, RetiredKey, UsageError
from undercurrent.i18n import listed, system_reason
from undercurrent.i18n import translate as _
from undercurrent.progress import Noted, Observer, silent
from undercurrent.signing import cosignkey
from undercurrent.signing.algorithms import KeyKind, PrivateKey, PublicKey, Signer
from undercurrent.signing.retirement import Retirement

__all__ = [
    "KeyKind",
    "NewPassword",
    "Password",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "change_password",
    "import_key",
    "load_any",
    "load_public",
    "load_retired",
    "load_signer",
    "public_beside",
    "write_key_pair",
    "write_retired",
]

Password: TypeAlias = Callable[[], bytes] | bytes | None
"""A password, what asks for it (called only if the key is encrypted), or none."""
NewPassword: TypeAlias = Callable[[], bytes] | bytes
"""A password to encrypt with, or what asks for it (called only when all else is right)."""

_LARGEST: Final = 64 * 1024
_ENVIRONMENT: Final = "env://"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://")
_BLOCK: Final = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,64})-----[ \t]*\r?\n(?P<body>(?:[^-]|-(?!----))*)-----END (?P=label)-----"
)
_PRIVATE: Final = frozenset(
    {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", *cosignkey.LABELS}
)
_PUBLIC: Final = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})
_OTHERS_MAY_READ: Final = stat.S_IRWXG | stat.S_IRWXO


def load_signer(source: Path | str, password: Password = None, *, observer: Observer = silent) -> PrivateKey:
    """The private key in a file. An encrypted one takes half a second: load it once per run.

    Args:
        source: path, or ``env://VARIABLE``.
        password: for encrypted files.
        observer: is told when others may read the file.

    Raises:
        InvalidKey: there is no such file, it holds no private key or one of a kind that is not supported, or the
            password is missing or wrong.
    """
    content, where = _read(source), str(source)
    label, block = _pick(content, where, _PRIVATE, _("private key"))
    _warn_if_readable(source, observer)
    if label in cosignkey.LABELS:
        handle = _parse_der(cosignkey.unseal(_body(block, where), _ask(password, where), where), where)
    else:
        encrypted = label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in block
        handle = _parse_pem(block, _ask(password, where) if encrypted else None, where)
    with _naming(where):
        return PrivateKey(handle)


def load_public(source: Path | str) -> PublicKey:
    """The public key in a file, to verify with.

    Args:
        source: path, or ``env://VARIABLE``.

    Raises:
        RetiredKey: it was replaced, and the time for which it still counted is over.
        InvalidKey: there is no such file, or it holds no public key, or one of a kind that is not supported.
    """
    content = _read(source)
    retirement = Retirement.read(content, str(source))
    if retirement and retirement.over:
        raise RetiredKey(
            _("{where} was replaced, and has not been trusted since {time}").format(
                where=source, time=f"{retirement.until:%Y-%m-%d %H:%M} UTC"
            ),
            hint=_("trust the key that took its place: {fingerprint}").format(fingerprint=retirement.by),
        )
    return _public(content, str(source))


def load_retired(source: Path | str) -> tuple[PublicKey, Retirement | None]:
    """The public key in a file, also if it does not count any more, and what the file says about that.

    Raises:
        InvalidKey: as `load_public`.
    """
    content = _read(source)
    return _public(content, str(source)), Retirement.read(content, str(source))


def _public(content: bytes, where: str) -> PublicKey:
    _label, block = _pick(content, where, _PUBLIC, _("public key"))
    try:
        handle = serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKey(
            _("{where}: the public key in it cannot be read").format(where=where), hint=_("restore it from a copy")
        ) from error
    with _naming(where):
        return PublicKey.of(handle)


def load_any(source: Path | str, password: Password = None) -> PublicKey:
    """The public half of a key file, be it the public or the private one, whether or not it still counts.

    Raises:
        InvalidKey: as `load_public` and `load_signer` do.
    """
    content = _read(source)
    if any(f"BEGIN {label}".encode() in content for label in _PUBLIC):
        return _public(content, str(source))
    return load_signer(source, password).public


def write_key_pair(
    key: PrivateKey, private: Path, password: NewPassword, *, public: Path | None = None, force: bool = False
) -> tuple[Path, Path]:
    """Writes a key pair as cosign does. Each file is whole or not there, and the private one is never public.

    Args:
        key: what to write.
        private: where; ``cosign.key`` by convention.
        password: to encrypt it with; may be empty, as in cosign.
        public: where the public half goes; beside the private one with the suffix ``.pub`` when None.
        force: overwrite files that are there.

    Returns:
        The paths of the private and of the public file.

    Raises:
        UsageError: one of them is there already, or both are the same file.
        EnvironmentLacks: they cannot be written.
    """
    public = public or public_beside(private)
    if public == private:
        raise UsageError(
            _("{path} would be the private and the public key").format(path=private),
            hint=_("name the private key file so that it does not end in .pub"),
        )
    if not force:
        _check_free(private, public)
    _write(private, cosignkey.seal(key.pkcs8, _asked(password)), 0o600, force=force)
    try:
        _write(public, key.public.pem.encode(), 0o644, force=force)
    except UsageError:
        private.unlink()
        raise
    return private, public


def write_retired(key: PublicKey, path: Path, retirement: Retirement) -> None:
    """Writes a public key that was replaced, in the place of what is there.

    Raises:
        EnvironmentLacks: it cannot be written.
    """
    _write(path, retirement.above(key.pem).encode(), 0o644, force=True)


def import_key(
    source: Path | str,
    source_password: Password,
    private: Path,
    password: NewPassword,
    *,
    force: bool = False,
    observer: Observer = silent,
) -> PrivateKey:
    """Reads any private key and writes it as cosign's pair: `load_signer`, then `write_key_pair`.

    Raises:
        InvalidKey, UsageError, EnvironmentLacks: as those two do.
    """
    if not force:
        _check_free(private, public_beside(private))
    key = load_signer(source, source_password, observer=observer)
    write_key_pair(key, private, password, force=force)
    return key


def public_beside(private: Path) -> Path:
    """Where the public half of a private key is kept: beside it, with the suffix ``.pub``.

    Raises:
        InvalidKey: ``private`` names no file.
    """
    if not private.name:
        raise InvalidKey(
            _("{path} is not the name of a file").format(path=private), hint=_("name one, such as cosign.key")
        )
    return private.with_suffix(".pub")


def change_password(path: Path, old: Password, new: NewPassword) -> PrivateKey:
    """Encrypts a cosign key file anew; its public half stays as it is.

    Raises:
        InvalidKey: as `load_signer`, or the file is no cosign key file.
        EnvironmentLacks: it cannot be written.
    """
    content = _read(path)
    if not any(f"BEGIN {label}".encode() in content for label in cosignkey.LABELS):
        raise InvalidKey(
            _("{where} is not a cosign key file").format(where=path),
            hint=_("`uc key import` makes one of it"),
        )
    key = load_signer(path, old)
    _write(path.resolve(), cosignkey.seal(key.pkcs8, _asked(new)), 0o600, force=True)
    return key


def _asked(password: NewPassword) -> bytes:
    return password if isinstance(password, bytes) else password()


def _check_free(*paths: Path) -> None:
    for path in paths:
        if os.path.lexists(path):
            raise _exists(path)


def _read(source: Path | str) -> bytes:
    text = str(source)
    if text.startswith(_ENVIRONMENT):
        value = os.environb.get(os.fsencode(text.removeprefix(_ENVIRONMENT)))
        if not value:
            raise InvalidKey(_("{source}: this environment variable is not set").format(source=text))
        return value
    if _SCHEME.match(text):
        raise InvalidKey(
            _("{source}: keys are read from files and from env://VARIABLE only").format(source=text),
            hint=_("export the key to a file"),
        )
    try:
        with Path(source).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InvalidKey(
            _("{source} cannot be read: {reason}").format(
                source=text, reason=system_reason(error) if isinstance(error, OSError) else error
            ),
            hint=_("`uc key generate` makes a key pair"),
        ) from error
    if len(content) > _LARGEST:
        raise InvalidKey(_("{source} is too large for a key file").format(source=text))
    return content


def _pick(content: bytes, where: str, labels: AbstractSet[str], what: str) -> tuple[str, bytes]:
    """The one PEM block with one of ``labels``, and its label."""
    blocks = [(match["label"].decode(), match[0]) for match in _BLOCK.finditer(content)]
    found = [block for block in blocks if block[0] in labels]
    if len(found) > 1:
        raise InvalidKey(
            _("{where} holds several keys").format(where=where), hint=_("put each key into a file of its own")
        )
    if not found:
        others = listed(sorted({label for label, _block in blocks})) or _("no PEM block")
        raise InvalidKey(
            _("{where} holds no {what}; found: {others}").format(where=where, what=what, others=others),
            hint=_("private keys sign, public keys verify; `uc key public` writes the public half"),
        )
    return found[0]


def _body(block: bytes, where: str) -> bytes:
    """What is inside a PEM block."""
    try:
        return base64.b64decode(b"".join(block.split(b"\n")[1:-1]))
    except binascii.Error as error:
        raise InvalidKey(
            _("{where} is damaged: its PEM block is not base64").format(where=where),
            hint=_("restore it from a copy"),
        ) from error


def _parse_pem(block: bytes, password: bytes | None, where: str) -> object:
    try:
        return serialization.load_pem_private_key(block, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if password is not None:
            raise InvalidKey(
                _("{where}: the password does not open this key").format(where=where),
                hint=_("if the password is right, the file was changed or damaged"),
            ) from error
        raise _unreadable(where) from error


def _parse_der(pkcs8: bytes, where: str) -> object:
    try:
        return serialization.load_der_private_key(pkcs8, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(where) from error


@contextmanager
def _naming(where: str) -> Iterator[None]:
    try:
        yield
    except InvalidKey as error:
        raise InvalidKey(_("{what}: {why}").format(what=where, why=error.message), hint=error.hint) from error


def _ask(password: Password, where: str) -> bytes:
    if password is None:
        raise InvalidKey(
            _("{where} is encrypted, and there is no password").format(where=where),
            hint=_("set COSIGN_PASSWORD, or run where a password can be typed"),
        )
    return password if isinstance(password, bytes) else password()


def _warn_if_readable(source: Path | str, observer: Observer) -> None:
    if str(source).startswith(_ENVIRONMENT):
        return
    with suppress(OSError):
        if Path(source).stat().st_mode & _OTHERS_MAY_READ:
            observer(
                Noted(_("{path} is a private key that other users may read; run: chmod 600 {path}").format(path=source))
            )


def _write(path: Path, content: bytes, mode: int, *, force: bool) -> None:
    """Puts a file in place in one step, with ``mode`` from its first byte on."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if force:
                scratch.replace(path)
            else:
                path.hardlink_to(scratch)  # unlike a rename, this never overwrites
        finally:
            scratch.unlink(missing_ok=True)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be written: {reason}").format(path=path, reason=system_reason(error))
        ) from error


def _exists(path: Path) -> UsageError:
    return UsageError(
        _("{path} is there already").format(path=path),
        hint=_("a key that is overwritten is lost: choose another name, or say --force"),
    )


def _unreadable(where: str) -> InvalidKey:
    return InvalidKey(
        _("{where}: the private key in it cannot be read").format(where=where), hint=_("restore it from a copy")
    )
