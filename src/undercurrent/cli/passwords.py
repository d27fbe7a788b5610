"""Where passwords come from: an environment variable, a file descriptor, or a prompt; never a flag."""

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from undercurrent.cli.command import Session
from undercurrent.cli.options import WholeNumber
from undercurrent.errors import UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.signing import pkcs11uri
from undercurrent.signing.pkcs11uri import Pkcs11Uri

__all__ = ["PasswordSource", "from_descriptor", "key_password", "password_option"]

_LONGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Asks for the password of a key, when it is called.

    Attributes:
        variable: environment variable that may hold it.
        descriptor: file descriptor to read it from, one line; None where none was named.
        prompt: what to ask on a terminal; "" where nobody may be asked.
        confirm: ask twice, for a password that is new.
        flag: what else the password may be handed over with.
    """

    variable: str = "COSIGN_PASSWORD"
    descriptor: int | None = None
    prompt: str = ""
    confirm: bool = False
    flag: str = "--password-fd"

    def __call__(self) -> bytes:
        """The password, without its end of line.

        Raises:
            UsageError: there is nowhere to get it from, the descriptor cannot be read, or two new passwords differ.
        """
        if self.descriptor is not None:
            return from_descriptor(self.descriptor, self.flag)
        if self.variable in os.environ:
            return os.environb[self.variable.encode()]
        if not self.prompt:
            raise UsageError(
                _("a password is needed, and there is nobody to ask"),
                hint=_("set {variable}, or hand it over with {flag}").format(variable=self.variable, flag=self.flag),
            )
        password = _ask(self.prompt)
        if self.confirm and _ask(_("The same again")) != password:
            raise UsageError(_("the two passwords differ"), hint=_("nothing was written; try again"))
        return password.encode()


def from_descriptor(number: int, flag: str) -> bytes:
    """The first line of an open file, without its end: how secrets are handed over.

    Args:
        number: of the file descriptor.
        flag: that named it.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with os.fdopen(os.dup(number), "rb") as file:
            return file.readline(_LONGEST).rstrip(b"\r\n")
    except OSError as error:
        raise UsageError(
            _("file descriptor {number} cannot be read: {reason}").format(number=number, reason=system_reason(error)),
            hint=_("open it in the shell, as in: {flag} 3 3<file.txt").format(flag=flag),
        ) from error


def _ask(prompt: str) -> str:
    return getpass.getpass(_("{prompt}: ").format(prompt=prompt))


def key_password(session: Session, key: Path | str, descriptor: int | None) -> PasswordSource:
    """Where the password of a key comes from, or the PIN of the token that it is in.

    Args:
        session: says whether somebody may be asked.
        key: as the user names it.
        descriptor: as in `PasswordSource`.

    Raises:
        UsageError: ``key`` is a URI that names no key in a token.
    """
    text = str(key)
    if not text.startswith(pkcs11uri.SCHEME):
        return PasswordSource(descriptor=descriptor, prompt=session.prompt(_("Password of {file}").format(file=text)))
    prompt = session.prompt(_("PIN for {key}").format(key=Pkcs11Uri.parse(text)))
    return PasswordSource("COSIGN_PKCS11_PIN", descriptor, prompt)


def password_option(name: str = "--password-fd") -> Callable[[Any], Any]:
    """The flag that names a file descriptor."""
    return click.option(
        name,
        type=WholeNumber(0),
        metavar="N",
        help=_("Read the key's password from this file descriptor instead of COSIGN_PASSWORD or a prompt."),
    )
