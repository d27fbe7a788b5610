"""Addresses in answers: where a redirect, a list, an upload or a challenge leads."""

from functools import lru_cache
from typing import Final

from yarl import URL

__all__ = ["address"]

_HOSTS: Final = 1024
"""Hosts that are remembered; a run talks to a few, in thousands of requests."""


def address(text: str, base: URL | None = None) -> URL | None:
    """The absolute address in HTTP that a stranger wrote; None if it is none.

    yarl looks at host and port when they are asked for, and raises then: here all of it is looked at.

    Args:
        text: the address; relative to ``base`` where there is one.
        base: where ``text`` was found.
    """
    # Mostly encoded already, as it must be: quoting a presigned URL again would break its signature.
    encoded = text.isascii() and text.isprintable() and " " not in text
    try:
        found = URL(text, encoded=encoded)
        found = found if base is None else base.join(found)
    except ValueError:
        return None
    return found if _can_be_asked(found.scheme, found.raw_authority) else None


@lru_cache(_HOSTS)
def _can_be_asked(scheme: str, authority: str) -> bool:
    """Whether this is HTTP, at a host and a port that can be."""
    try:
        place = URL(f"{scheme}://{authority}", encoded=True)
        usable = scheme in {"http", "https"} and bool(place.host) and place.port is not None
        place.origin()
        (place.raw_host or "").encode("idna")  # as the resolver will: labels that are empty or too long
    except ValueError:
        return False
    return usable
