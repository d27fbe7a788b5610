"""What a word of a shell script is before anything runs: quotes taken off, variables with a known value put in."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from undercurrent.hardening.dockerfile.substitution import BadSubstitution, expand

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["WORDS", "Values", "constant"]

WORDS: Final = frozenset(
    {
        "ansi_c_string", "arithmetic_expansion", "brace_expression", "command_substitution", "concatenation",
        "expansion", "extglob_pattern", "number", "process_substitution", "raw_string", "regex", "simple_expansion",
        "string", "translated_string", "word", "test_operator", "variable_name",
    }
)  # fmt: skip
"""Types of nodes that are a word."""

_AS_WRITTEN: Final = frozenset({"word", "number", "regex", "extglob_pattern", "test_operator", "variable_name"})
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_QUOTED_ESCAPE: Final = re.compile(r'\\([\\"$`])')
_ANSI: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_SPLITS: Final = re.compile(r"[\s*?\[\]]|\A\Z")
_BRACES: Final = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_NAMED: Final = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


class Values:
    """Variables with a known value: those given, and those that the script sets for certain."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._own: dict[str, str | None] = {}
        self._lost = False

    def __getitem__(self, name: str) -> str | None:
        """The value; None if nobody knows it."""
        if name in self._own:
            return self._own[name]
        return None if self._lost else self._given.get(name)

    def __setitem__(self, name: str, value: str | None) -> None:
        self._own[name] = value

    def lose(self) -> None:
        """Nothing is known any more: a script of which nobody knows what it sets was read in."""
        self._own.clear()
        self._lost = True


def constant(node: "Node", values: Values) -> str | None:
    """A word's text; None if it is not known beforehand, or may become several words."""
    text = _piece(node, values, quoted=False)
    if text is not None and node.type == "concatenation" and _BRACES.search(_text(node)):
        return None
    return text


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _piece(node: "Node", values: Values, *, quoted: bool) -> str | None:
    kind, text = node.type, _text(node)
    result: str | None = None
    if kind in _AS_WRITTEN:
        result = _ESCAPE.sub(_unescaped, text)
    elif kind == "raw_string":
        result = text[1:-1]
    elif kind == "string":
        result = _string(node, values)
    elif kind == "translated_string" and node.children:
        result = _string(node.children[-1], values)
    elif kind == "concatenation":
        result = _joined([_piece(child, values, quoted=False) for child in node.children])
    elif kind in ("simple_expansion", "expansion"):
        result = _expanded(text, values, quoted=quoted)
    elif kind == "ansi_c_string" and all(found[1] in _ANSI for found in _ESCAPE.finditer(text[2:-1])):
        result = _ESCAPE.sub(lambda found: _ANSI[found[1]], text[2:-1])
    return result


def _unescaped(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _string(node: "Node", values: Values) -> str | None:
    """What is between double quotes; the grammar has no node for some white space in it, so gaps count."""
    source, parts, done = node.text or b"", list[str | None](), 1
    for child in node.children[1:-1]:
        start, end = child.start_byte - node.start_byte, child.end_byte - node.start_byte
        parts.append(_unquoted(source[done:start]))
        done = end
        if child.type == "string_content":
            parts.append(_unquoted(source[start:end]))
        else:
            parts.append(_piece(child, values, quoted=True))
    parts.append(_unquoted(source[done:-1]))
    return _joined(parts)


def _unquoted(source: bytes) -> str:
    text = source.decode("utf-8", "replace")
    return _QUOTED_ESCAPE.sub(r"\1", text.replace("\\\n", "")) if "\\" in text else text


def _expanded(text: str, values: Values, *, quoted: bool) -> str | None:
    found = _NAMED.match(text)
    value = values[found[1]] if found else None
    if found is None or value is None:
        return None
    if found.end() < len(text) - (1 if text.startswith("${") else 0):
        if set("[$`") & set(text[found.end() :]):  # an item of a list, or what only the script itself can say
            return None
        try:
            value = expand(text, {found[1]: value})
        except BadSubstitution:
            return None
    return value if quoted or not _SPLITS.search(value) else None
