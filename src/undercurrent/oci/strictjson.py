"""Reads JSON from people we do not trust: one meaning only, or an error.

Duplicate keys (two readers would see two values), NaN and infinities, text that is not UTF-8 (half of a surrogate
pair, escaped, is not either) and nesting deeper than MAX_DEPTH are refused: what was read can be written again, too.
So is more than MAX_VALUES: an empty list has two bytes in a document, and fifty in memory.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final, NoReturn

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _

__all__ = ["MAX_DEPTH", "MAX_VALUES", "loads", "loads_object", "refuse_lookalikes"]

MAX_DEPTH: Final = 100
"""Lists and objects within one another; as in protobuf's JSON, which sigstore's bundles are."""

MAX_VALUES: Final = 4_000_000
"""Values in a document; SBOMs of the largest images have a million. Commas in texts are counted, too."""

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _value in pairs).items() if count > 1)
        raise ValueError(_("key {key!r} appears twice").format(key=twice))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(_("{name} is no number that JSON can hold").format(name=name[:40]))


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(text)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
"""Made once: to make one takes as long as to read a small document."""


def loads(raw: bytes | str, what: str) -> Any:
    """The value that ``raw`` holds.

    Args:
        raw: UTF-8 JSON text.
        what: names the thing in the error ("manifest sha256:…").

    Raises:
        BadContent: it is not JSON, or not with one meaning.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        _check_count(text)
        if text.startswith("\ufeff"):
            raise json.JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)  # as json.loads says
        value = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(value)
    except (ValueError, RecursionError) as error:
        raise BadContent(_("{what} is not valid JSON: {error}").format(what=what, error=_reason(error))) from error
    return value


def _check_count(text: str) -> None:
    """Refuses what has more than MAX_VALUES before any of it is made."""
    if sum(text.count(mark) for mark in ",[{") > MAX_VALUES:
        raise ValueError(_("it has too many values"))


def _check_depth(value: Any) -> None:
    """Refuses what is nested deeper than MAX_DEPTH; level by level, for it must not recurse itself."""
    level = [value] if isinstance(value, dict | list) else []
    for _level in range(MAX_DEPTH):
        children = (child for item in level for child in (item.values() if isinstance(item, dict) else item))
        level = [child for child in children if isinstance(child, dict | list)]
    if level:
        raise RecursionError


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return _("{problem} in line {line}, column {column}").format(
                problem=error.msg, line=error.lineno, column=error.colno
            )
        case RecursionError():
            return _("it is nested too deeply")
    return str(error)


def refuse_lookalikes(document: Mapping[str, Any], fields: Collection[str], what: str) -> None:
    """Refuses keys that differ from one of ``fields`` in case only.

    Go's encoding/json, which most container tools are written with, takes them for that field, and the last of
    several counts; whoever reads by the letter would verify one value while they run another.

    Raises:
        BadContent: there is such a key.
    """
    folded = _folded(frozenset(fields))
    for key in document:
        meant = folded.get(key.casefold(), key)
        if meant != key:
            raise BadContent(
                _("{what} has a field {key!r}, which some would read as {meant!r}").format(
                    what=what, key=key, meant=meant
                )
            )


@cache
def _folded(fields: frozenset[str]) -> Mapping[str, str]:
    """Fields by how they are written without regard to case."""
    return {field.casefold(): field for field in fields}


def loads_object(raw: bytes | str, what: str) -> dict[str, Any]:
    """Like `loads`, for text that must hold an object.

    Raises:
        BadContent: it is not JSON, not with one meaning, or not an object.
    """
    value = loads(raw, what)
    if not isinstance(value, dict):
        raise BadContent(_("{what} is not a JSON object").format(what=what))
    return value
