"""Reads answers of timestamp authorities (RFC 3161), those with certificates out of order too.

DER sorts the elements of a SET, and ``rfc3161_client`` insists on it. Authorities that many people use (FreeTSA is one)
put their certificates in the order of the chain. Nobody signs that order, so it may be mended.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

__all__ = ["read_response"]

_SEQUENCE: Final = 0x30
_CONTEXT_0: Final = 0xA0
_LONG: Final = 0x80
_MOST_DIGITS: Final = 4

_Element: TypeAlias = tuple[int, int, int, int]
"""Tag, where it starts, where its content starts, where it ends."""


def read_response(raw: bytes) -> "TimeStampResponse":
    """An answer, parsed.

    Args:
        raw: TimeStampResp, DER.

    Raises:
        ValueError: it is none.
    """
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415 - only where there is a timestamp

    try:
        return decode_timestamp_response(raw)
    except ValueError:
        return decode_timestamp_response(_with_certificates_in_order(raw))


def _with_certificates_in_order(raw: bytes) -> bytes:
    """``raw`` with the certificates of its token sorted, as DER demands: as many bytes as before.

    Raises:
        ValueError: there are none.
    """
    (response,) = _elements(raw, 0, len(raw))
    _status, token = _elements(raw, *_inside(response, _SEQUENCE))
    _kind, explicit = _elements(raw, *_inside(token, _SEQUENCE))
    (signed_data,) = _elements(raw, *_inside(explicit, _CONTEXT_0))
    for element in _elements(raw, *_inside(signed_data, _SEQUENCE)):
        if element[0] == _CONTEXT_0:
            start, end = _inside(element, _CONTEXT_0)
            certificates = sorted(raw[first:last] for _tag, first, _content, last in _elements(raw, start, end))
            return raw[:start] + b"".join(certificates) + raw[end:]
    raise ValueError("no certificates")


def _inside(element: _Element, tag: int) -> tuple[int, int]:
    if element[0] != tag:
        raise ValueError("another tag")
    return element[2], element[3]


def _elements(raw: bytes, start: int, end: int) -> Iterator[_Element]:
    """The elements of DER between two places."""
    while start < end:
        if start + 2 > end:
            raise ValueError("cut off")
        tag, length, content = raw[start], raw[start + 1], start + 2
        if length >= _LONG:
            digits = length - _LONG
            if not 0 < digits <= _MOST_DIGITS:
                raise ValueError("no definite length")
            length, content = int.from_bytes(raw[content : content + digits], "big"), content + digits
        if content + length > end:
            raise ValueError("cut off")
        yield tag, start, content, content + length
        start = content + length
