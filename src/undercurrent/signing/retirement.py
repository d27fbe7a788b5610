"""Until when a key that was replaced still counts: its public key file says so itself, above the key.

Text before a PEM block is for people, and programs skip it (https://www.rfc-editor.org/rfc/rfc7468#section-2): cosign
and openssl read such a file as any other. Whoever verifies here obeys it, so that a key which was replaced does not
go on being trusted because nobody took it out of a list.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from undercurrent.errors import InvalidKey
from undercurrent.i18n import translate as _

__all__ = ["Retirement"]

_BEGIN: Final = b"-----BEGIN "
_UNTIL: Final = "Trusted-Until"
_BY: Final = "Replaced-By"
_LINE: Final = re.compile(rf"^({_UNTIL}|{_BY}):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Retirement:
    """That a key was replaced.

    Attributes:
        until: aware; from then on, the key does not count any more.
        by: fingerprint of the key that took its place.
    """

    until: datetime
    by: str

    @classmethod
    def read(cls, content: bytes, where: str) -> "Retirement | None":
        """What a public key file says; None if its key was not replaced.

        Args:
            content: of the file.
            where: names it in errors.

        Raises:
            InvalidKey: it says something that is not understood, so that nobody knows whether the key counts.
        """
        head = content.partition(_BEGIN)[0].decode("utf-8", "replace")
        said = _LINE.findall(head)
        if not said:
            return None
        found = dict(said)
        with suppress(KeyError, ValueError):
            until = datetime.fromisoformat(found[_UNTIL])
            if len(said) == len(found) and until.tzinfo and _FINGERPRINT.fullmatch(found[_BY]):
                return cls(until.astimezone(UTC), found[_BY])
        raise InvalidKey(
            _("{where}: what it says about until when it is trusted is not understood").format(where=where),
            hint=_("it is written like this: {example}").format(example=f"{_UNTIL}: 2026-12-25T00:00:00+00:00"),
        )

    def above(self, pem: str) -> str:
        """The content of a public key file, with this above the key."""
        return f"{_UNTIL}: {self.until.astimezone(UTC).isoformat(timespec='seconds')}\n{_BY}: {self.by}\n{pem}"

    @property
    def over(self) -> bool:
        """Whether the key does not count any more."""
        return datetime.now(UTC) >= self.until
