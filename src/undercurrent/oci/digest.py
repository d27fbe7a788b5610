"""Digests: the name of content, made from the content.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final, Self

from undercurrent.errors import InvalidReference
from undercurrent.i18n import translate as _

__all__ = ["Digest", "is_digest"]

_HEX_LENGTH: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_HASHER: Final[dict[str, Callable[[], Any]]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
_HEX: Final = re.compile(r"[a-f0-9]+")


class Digest(str):
    """``algorithm:hex``, known to be well formed; otherwise a plain string.

    Raises:
        InvalidReference: the text is no digest, or its algorithm is none of sha256, sha384, sha512.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:  # noqa: D102 - the class speaks for it
        algorithm, colon, encoded = text.partition(":")
        length = _HEX_LENGTH.get(algorithm)
        if not colon or length is None or len(encoded) != length or not _HEX.fullmatch(encoded):
            raise InvalidReference(
                _("{text!r} is not a digest").format(text=text[:200]),
                hint=_("a digest looks like sha256:… with 64 hexadecimal digits in lower case"),
            )
        return super().__new__(cls, text)

    @classmethod
    def of(cls, content: bytes | memoryview) -> "Digest":
        """The SHA-256 digest of ``content``."""
        return cls("sha256:" + hashlib.sha256(content).hexdigest())

    @property
    def algorithm(self) -> str:
        """``sha256``, ``sha384`` or ``sha512``."""
        return self.partition(":")[0]

    @property
    def encoded(self) -> str:
        """The hexadecimal digits."""
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first 12 digits, for people."""
        return self.encoded[:12]

    def hasher(self) -> Any:
        """A fresh hashlib object of this digest's algorithm."""
        return _HASHER[self.algorithm]()

    def matches(self, content: bytes) -> bool:
        """Whether ``content`` has this digest."""
        hasher = self.hasher()
        hasher.update(content)
        return bool(hasher.hexdigest() == self.encoded)


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest of a kind that is known here."""
    try:
        Digest(text)
    except InvalidReference:
        return False
    return True
