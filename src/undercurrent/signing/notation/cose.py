"""Notation's envelope in CBOR. The one module that imports cbor2.

Specification: https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-cose.md, which is
COSE_Sign1, tagged, of https://www.rfc-editor.org/rfc/rfc9052#section-4.2
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.signing.notation.algorithms import BY_COSE, Algorithm
from undercurrent.signing.notation.envelope import TIMESTAMP, Envelope, attributes

__all__ = ["MEDIA_TYPE", "parse"]

MEDIA_TYPE: Final = "application/cose"
_ALGORITHM: Final = 1
_CRITICAL: Final = 2
_CONTENT_TYPE: Final = 3
_CHAIN: Final = 33
_DEEPEST: Final = 8
"""Values within values; four are needed."""


@dataclass(frozen=True, slots=True)
class _Sign1:
    """What tag 18 marks: protected headers, others, payload and signature."""

    parts: Any


@dataclass(frozen=True, slots=True)
class _Epoch:
    """What tag 1 marks: seconds since 1970."""

    seconds: Any


def parse(raw: bytes, what: str) -> Envelope:
    """The envelope that ``raw`` holds. Nothing in it is verified.

    Raises:
        BadContent: it is none, or not with one meaning.
        Unsupported: it wants something understood that is not understood here.
    """
    message = _decode(raw, what)
    match message:
        case _Sign1([bytes(body), dict(others), bytes(payload), bytes(signature)]) if payload and signature:
            protected, unprotected = _headers(_decode(body, what), what), _headers(others, what)
        case _:
            raise _invalid(what)
    critical = protected.get(_CRITICAL)
    if not isinstance(critical, list) or not all(isinstance(name, str) for name in critical):
        raise _invalid(what)
    # A header in both places would be one value to one reader and another to the next.
    if protected.keys() & unprotected.keys():
        raise _invalid(what)
    headers = {**unprotected, **protected}
    return Envelope(
        _algorithm(protected.get(_ALGORITHM)),
        attributes(protected, critical, protected.get(_CONTENT_TYPE), as_time=_time),
        payload=payload,
        covered=_signed(body, payload),
        signature=signature,
        chain=_chain(headers.get(_CHAIN), what),
        timestamp=_timestamp(headers.get(TIMESTAMP, b""), what),
    )


def _decode(raw: bytes, what: str) -> Any:
    """The one value in ``raw``: plain ones, `_Sign1` and `_Epoch`."""
    import cbor2  # noqa: PLC0415 - most signatures need none

    stream = io.BytesIO(raw)
    decoder = cbor2.CBORDecoder(
        stream,
        semantic_decoders=_Tags(),
        read_size=1,
        max_depth=_DEEPEST,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        value = decoder.decode()
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise _invalid(what) from error
    if stream.read(1):
        raise _invalid(what)
    return value


class _Tags(Mapping[int, Callable[[Any, bool], Any]]):
    """What becomes of values with a tag: all but two are refused, above all those that refer to other values."""

    def __getitem__(self, tag: int) -> Callable[[Any, bool], Any]:
        match tag:
            case 18:
                return lambda value, _immutable: _Sign1(value)
            case 1:
                return lambda value, _immutable: _Epoch(value)
        return _refuse

    def __iter__(self) -> Iterator[int]:
        return iter((1, 18))

    def __len__(self) -> int:
        return 2


def _refuse(_value: Any, _immutable: bool) -> Any:
    raise ValueError("a tag that no signature needs")


def _headers(value: Any, what: str) -> Mapping[int | str, Any]:
    """``value`` as headers. True and 1.0 are no names: Python would take them for 1."""
    if not isinstance(value, dict) or not all(type(key) in {int, str} for key in value):
        raise _invalid(what)
    return value


def _signed(protected: bytes, payload: bytes) -> bytes:
    """The bytes that are signed: Sig_structure, https://www.rfc-editor.org/rfc/rfc9052#section-4.4."""
    import cbor2  # noqa: PLC0415 - most signatures need none

    return cbor2.dumps(["Signature1", protected, b"", payload])


def _algorithm(number: Any) -> Algorithm:
    if type(number) is int and number in BY_COSE:
        return BY_COSE[number]
    raise Unsupported(_("it is made with {algorithm!r}, which is not trusted").format(algorithm=str(number)[:40]))


def _time(value: object) -> datetime:
    try:
        if isinstance(value, _Epoch) and type(value.seconds) in {int, float}:
            return datetime.fromtimestamp(value.seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise BadContent(_("{value!r} in it is no time").format(value=str(value)[:40]))


def _chain(value: Any, what: str) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not all(isinstance(item, bytes) for item in value):
        raise _invalid(what)
    return tuple(value)


def _timestamp(value: Any, what: str) -> bytes:
    if not isinstance(value, bytes):
        raise _invalid(what)
    return value


def _invalid(what: str) -> BadContent:
    return BadContent(_("{what} is not a signature of notation in CBOR").format(what=what))
