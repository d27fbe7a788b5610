"""Reads messages of protocol buffers in their JSON form: what is absent, or null, has its default value.

Specification: https://protobuf.dev/programming-guides/json/. Every function takes the fields of a message, the name of
one, and what to call the whole in errors; all raise BadContent if the field holds something else.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from undercurrent.errors import BadContent, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.signing.dsse import decode_base64

__all__ = ["LARGEST_INTEGER", "integer", "message", "messages", "moment", "octets", "text", "values"]

LARGEST_INTEGER: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def message(fields: Mapping[str, Any], name: str, what: str) -> dict[str, Any]:
    """The fields of a message inside; none of one that is absent."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(name, what)
    return value


def values(fields: Mapping[str, Any], name: str, what: str, most: int) -> list[Any]:
    """What a repeated field holds.

    Raises:
        TooLarge: it holds more than ``most``.
    """
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _invalid(name, what)
    if len(value) > most:
        raise TooLarge(_("{what} has more than {limit} {name}").format(what=what, limit=most, name=name))
    return value


def messages(fields: Mapping[str, Any], name: str, what: str, most: int) -> list[dict[str, Any]]:
    """The messages that a repeated field holds.

    Raises:
        TooLarge: it holds more than ``most``.
    """
    found = values(fields, name, what, most)
    if not all(isinstance(item, dict) for item in found):
        raise _invalid(name, what)
    return found


def text(fields: Mapping[str, Any], name: str, what: str) -> str:
    """A string, or the name of an enumeration's value; empty if absent."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _invalid(name, what)
    return value


def octets(fields: Mapping[str, Any], name: str, what: str) -> bytes:
    """Bytes; empty if absent. Line feeds in base64 do not count: Go reads over them, and openssl writes them."""
    value = text(fields, name, what).replace("\r", "").replace("\n", "")
    return decode_base64(value, _("{name} of {what}").format(name=name, what=what)) if value else b""


def integer(fields: Mapping[str, Any], name: str, what: str) -> int:
    """An int64 that is not negative, written as a number or as a string; 0 if absent."""
    value = fields.get(name)
    if value is None:
        return 0
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_INTEGER:
        raise _invalid(name, what)
    return value


def moment(fields: Mapping[str, Any], name: str, what: str) -> datetime | None:
    """A timestamp, cut to microseconds; None if absent."""
    value = fields.get(name)
    if value is None:
        return None
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _invalid(name, what)
    whole, fraction, zone = match.groups()
    try:
        return datetime.fromisoformat(f"{whole}.{(fraction or '')[:6]:0<6}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid(name, what) from error


def _invalid(name: str, what: str) -> BadContent:
    return BadContent(_("{what} has an invalid {name}").format(what=what, name=name))
