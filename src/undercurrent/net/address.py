"""Addresses in answers: where a redirect, a list, an upload or a challenge leads."""

from yarl import URL

__all__ = ["address"]


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
        usable = found.scheme in {"http", "https"} and bool(found.host) and found.port is not None
        found.origin()
        (found.raw_host or "").encode("idna")  # as the resolver will: labels that are empty or too long
    except ValueError:
        return None
    return found if usable else None
