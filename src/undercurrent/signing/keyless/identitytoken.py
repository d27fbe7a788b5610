"""Identity tokens (OpenID Connect): who somebody is, in the words of whoever knows them; for a few minutes.

They are read to say early what would not work. Only the authority that gives certificates can verify them.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from undercurrent.errors import BadContent, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import protojson

__all__ = ["AUDIENCE", "MAX_TOKEN", "IdentityToken", "TokenSource", "parse_token"]

AUDIENCE: Final = "sigstore"
"""Whom tokens have to be meant for."""
MAX_TOKEN: Final = 64 * 1024
"""Characters of a token; those of GitHub have two thousand."""
_LEEWAY: Final = timedelta(seconds=60)
"""Clocks differ; the authority has the last word."""
_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A token. Whoever has it is whom it names, until it ends: it is a secret.

    Attributes:
        raw: as it is sent.
        issuer: who vouches, a URL.
        expires: when it ends.
    """

    raw: str = field(repr=False)
    issuer: str
    expires: datetime


TokenSource: TypeAlias = Callable[[], Awaitable[IdentityToken]]
"""Gets a token that is valid now; asked again when another certificate is needed."""


def parse_token(raw: str, *, now: datetime | None = None) -> IdentityToken:
    """The token that ``raw`` holds (RFC 7519). Its signature is not verified.

    Args:
        raw: the token.
        now: aware; the time now when None.

    Raises:
        UsageError: it is no token, or it has ended.
    """
    try:
        claims = strictjson.loads_object(_payload(raw), _("the identity token"))
        issuer, expires = protojson.text(claims, "iss", _("the identity token")), claims.get("exp")
        if not issuer or not isinstance(expires, int | float) or isinstance(expires, bool):
            raise _no_token()
        until = datetime.fromtimestamp(expires, UTC)
    except (BadContent, ValueError, OverflowError, OSError):
        # Not chained, and without what was read: that is a secret.
        raise _no_token() from None
    if until + _LEEWAY < (now or datetime.now(UTC)):
        raise UsageError(
            _("the identity token ended at {time}").format(time=f"{until:%Y-%m-%d %H:%M:%S} UTC"),
            hint=_("get a new one; most live only for minutes"),
        )
    return IdentityToken(raw, issuer, until)


def _payload(raw: str) -> bytes:
    parts = raw.split(".")
    if len(raw) > MAX_TOKEN or len(parts) != _PARTS or not raw.isascii():
        raise _no_token()
    try:
        return base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise _no_token() from None


def _no_token() -> UsageError:
    return UsageError(
        _("this is no identity token"),
        hint=_("an OpenID Connect token is meant, for the audience {audience}").format(audience=AUDIENCE),
    )
