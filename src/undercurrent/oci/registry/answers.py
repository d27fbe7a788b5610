"""What a registry's refusals mean, in our errors.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
"""

import json
from http import HTTPStatus
from typing import Any, Final

from undercurrent.errors import (
    DigestMismatch,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    UndercurrentError,
    UnexpectedAnswer,
    Unsupported,
)
from undercurrent.i18n import translate as _
from undercurrent.net import excerpt

__all__ = ["codes_in", "count_in", "refusal"]

_DIGITS: Final = 18
"""Of a number of bytes that fits into 63 bits."""


def count_in(text: str) -> int | None:
    """The number of bytes that a header's value holds; None if it is none, or more than any content has."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def codes_in(body: bytes) -> frozenset[str]:
    """The error codes that a registry's answer carries: ``NAME_UNKNOWN``, ``DENIED``, …."""
    return frozenset(code for error in _errors(body) if isinstance(code := error.get("code"), str))


def refusal(status: int, body: bytes, *, host: str, what: str, writing: bool = False) -> UndercurrentError:
    """The error for an answer that is neither success nor one that the caller expects.

    Args:
        status: of the answer.
        body: of the answer, or its beginning.
        host: the registry, as users write it.
        what: the image or repository that was asked for, as users write it.
        writing: whether something was to be changed: then a "no" is a decision, and not a riddle.
    """
    codes = codes_in(body)
    names = {"host": host, "what": what, "status": int(status), "said": _said(body)}
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Unauthorized(
            _("no access to {what}{said}").format(**names),
            hint=_("sign in with `uc login {host}`").format(host=host),
        )
    if "DIGEST_INVALID" in codes and writing:
        return DigestMismatch(_("other content arrived for {what} than was sent").format(**names))
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            _("there is no {what}{said}").format(**names),
            hint=_("check the name; without a login, a private image looks as if it did not exist"),
        )
    error: UndercurrentError
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or "SIZE_INVALID" in codes:
        error = TooLarge(_("{what} is too large for the registry{said}").format(**names))
    elif status == HTTPStatus.METHOD_NOT_ALLOWED or "UNSUPPORTED" in codes:
        error = Unsupported(_("the registry cannot do this with {what}{said}").format(**names))
    elif writing and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        error = Refused(_("the registry does not accept {what} ({status}){said}").format(**names))
    else:
        error = UnexpectedAnswer(_("{host} answers {status} when asked for {what}{said}").format(**names))
    return error


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    errors = document.get("errors") if isinstance(document, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _said(body: bytes) -> str:
    """The registry's own words, ready to be appended to a sentence; without control characters and secrets."""
    for error in _errors(body):
        text = error.get("message") or error.get("code")
        if isinstance(text, str) and text:
            return _(": {text}").format(text=excerpt(text))
    return ""
