"""Keeps secrets out of what people read: messages, logs, evidence."""

import re
from typing import Final

__all__ = ["excerpt", "redact"]

_EXCERPT: Final = 200
_LOOKED_AT: Final = 16 * 1024
_MASK: Final = "***"
_ANY_CASE: Final = re.IGNORECASE

# Names have limits: with `*` in their place, text that is made for it would take the square of its length.
_CREDENTIAL: Final = (
    r"[\w.-]{0,64}(?:token|secret|passw(?:or)?d|passwd|signature|credential|api[_-]?key|assertion|identitytoken)"
    r"[\w.-]{0,64}|x-amz-[\w-]{1,64}|x-goog-[\w-]{1,64}|awsaccesskeyid|pin-value|sig|_?state|code|jwt|auth"
)
_HEADER_NAME: Final = (
    r"(?:proxy-)?authorization|set-cookie|cookie|x-registry-auth|x-registry-config|private-token|[\w-]{0,64}api-key"
    r"|x-(?:auth|csrf|vault|amz-security)[\w-]{0,64}"
)

_RULES: Final = (
    # user:password@host; the user name may be a token, too
    (
        re.compile(r"(?P<keep>[a-z][a-z0-9+.-]{0,32}://)[^/?#\s\"'@]*(?:@[^/?#\s\"'@]*)*@", _ANY_CASE),
        r"\g<keep>" + _MASK + "@",
    ),
    # Authorization: Bearer …, to the end of the line: some schemes have many parts
    (re.compile(rf"(?P<keep>\b(?:{_HEADER_NAME})[\"']?\s*[:=]\s*)[^\r\n]+", _ANY_CASE), r"\g<keep>" + _MASK),
    (re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{4,}", _ANY_CASE), r"\g<keep>" + _MASK),
    # ?token=…&X-Amz-Signature=…, and the same names in forms
    (re.compile(rf"(?P<keep>(?:^|[?&;\s,(])(?:{_CREDENTIAL})=)[^&#\s\"'<>]*", _ANY_CASE), r"\g<keep>" + _MASK),
    # a JSON field
    (
        re.compile(
            rf"(?P<keep>[\"'](?:{_CREDENTIAL})[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?)", _ANY_CASE
        ),
        r'\g<keep>"' + _MASK + '"',
    ),
)


def redact(text: str) -> str:
    """``text`` with every secret in it masked that has a known shape.

    Known are: user and password in URLs; values of headers, query parameters, form fields and JSON fields
    whose names say that they are credentials; presigned URLs of the object stores behind registries.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def excerpt(text: str) -> str:
    """The beginning of what a stranger said, fit for a message: one line, no secrets, no control characters.

    Terminal escapes and marks that turn the direction of writing are control characters, too.
    """
    line = "".join(mark if mark.isprintable() else " " for mark in redact(text[:_LOOKED_AT]))
    return " ".join(line.split())[:_EXCERPT]
