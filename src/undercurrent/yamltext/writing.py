"""How new values are written into a YAML file: in the manner that the file has already."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from undercurrent.yamltext.nodes import Document, MappingNode, ScalarNode, SequenceNode
from undercurrent.yamltext.values import plain_scalar, resolved

__all__ = ["Manner", "flowed", "inline", "item_lines", "lines", "manner_of", "scalar_text"]

# What may stand without quotes wherever it is put: in braces too, and for readers of YAML 1.1 and 1.2 alike.
_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+-]*")
_MARKED: Final = re.compile(r"[&!]\S*\s+")
_LOOKS_AT: Final = 500


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is written.

    Attributes:
        newline: what ends its lines.
        step: columns that a mapping in a mapping is moved to the right.
        dash: likewise for the dashes of a list in a mapping; 0 where they stand under the key.
        json: keys and values stand in double quotes.
    """

    newline: str = "\n"
    step: int = 2
    dash: int = 2
    json: bool = False


def manner_of(document: Document) -> Manner:
    """How it is written, by what stands first in it."""
    text = document.text
    first = text.find("\n")
    newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
    steps: list[int] = []
    dashes: list[int] = []
    json_like = False
    for count, mapping in enumerate(document.mappings()):
        if count > _LOOKS_AT or (steps and dashes):
            break
        for entry in mapping.entries:
            if mapping.flow:
                json_like |= isinstance(entry.key, ScalarNode) and entry.key.style == '"'
                continue
            indent = document.column(entry.key)
            value = entry.value
            if isinstance(value, MappingNode) and not value.flow and value.entries:
                steps.append(document.column(value.entries[0].key) - indent)
            if isinstance(value, SequenceNode) and not value.flow and text.startswith("-", value.span.start):
                dashes.append(document.column(value) - indent)
    root = resolved(document.root) if document.root else None
    is_json = json_like and isinstance(root, MappingNode) and root.flow
    step = next((step for step in steps if 0 < step <= 8), 2)  # noqa: PLR2004 - more is an accident
    return Manner(newline, step, next((dash for dash in dashes if 0 <= dash <= 8), 2), is_json)  # noqa: PLR2004


def scalar_text(value: Any, style: str = "") -> str:
    """A value as a scalar; text keeps the quotes that ``style`` names."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style != '"' and _PLAIN.fullmatch(value) and isinstance(plain_scalar(value), str):
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    """In double quotes, by JSON's escapes; what cannot be shown is escaped too, as YAML lets little of it stand."""
    shown = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in shown)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004 - what four digits can say


def inline(value: Any, manner: Manner) -> str:
    """A value that takes no line of its own: a scalar, or an empty collection."""
    return flowed(value, json_like=manner.json)


def flowed(value: Any, *, json_like: bool) -> str:
    """A value in braces and brackets."""
    if json_like:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar_text(k)}: {flowed(v, json_like=False)}" for k, v in value.items()) + "}"
    if _is_list(value):
        return "[" + ", ".join(flowed(item, json_like=False) for item in value) + "]"
    return scalar_text(value)


def lines(values: Mapping[str, Any], indent: int, manner: Manner) -> list[str]:
    """The lines of a mapping, without their ends."""
    made: list[str] = []
    for key, value in values.items():
        start = " " * indent + scalar_text(key) + ":"
        if isinstance(value, Mapping) and value:
            made += [start, *lines(value, indent + manner.step, manner)]
        elif _is_list(value) and value:
            made.append(start)
            made += [line for item in value for line in item_lines(item, indent + manner.dash, manner)]
        else:
            made.append(f"{start} {inline(value, manner)}")
    return made


def item_lines(item: Any, indent: int, manner: Manner) -> list[str]:
    """The lines of an item of a list, the first one with its dash."""
    if isinstance(item, Mapping) and item:
        first, *others = lines(item, indent + 2, manner)
        return [" " * indent + "- " + first.lstrip(" "), *others]
    return [" " * indent + "- " + inline(item, manner)]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
