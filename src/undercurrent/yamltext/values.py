"""What nodes say: plain Python values, as Kubernetes' and compose's readers understand them."""

import re
from collections.abc import Iterator
from typing import Any, Final

from undercurrent.errors import TooLarge
from undercurrent.i18n import translate as _
from undercurrent.yamltext.nodes import AliasNode, Document, Entry, Key, MappingNode, Node, ScalarNode, SequenceNode
from undercurrent.yamltext.reading import MAX_DEPTH

__all__ = ["MAX_VALUES", "entries", "find", "line_at", "named", "place_of", "plain", "plain_scalar", "resolved"]

MAX_VALUES: Final = 200_000
"""Values in a document once its aliases are followed."""
_MOST_ALIASES: Final = 50

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"])
_FALSE: Final = frozenset(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"])
_INTEGER: Final = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MOST_DIGITS: Final = 40


def plain_scalar(text: str) -> str | int | float | bool | None:
    """What a plain scalar means.

    By the rules of go-yaml 2, which Kubernetes reads manifests with: YAML 1.1, but for sexagesimal numbers and
    dates, which stay text. https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _MOST_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        digits = text.replace("_", "")
        octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
        try:
            return int(f"{octal[1]}0o{octal[2]}", 0) if octal else int(digits, 0)
        except ValueError:  # "0x_": a prefix only
            return text
    return float(text.replace("_", "")) if _FLOAT.fullmatch(text) else text


def resolved(node: Node) -> Node:
    """The node that an alias stands for, itself for any other."""
    for _hop in range(_MOST_ALIASES):
        if not isinstance(node, AliasNode):
            return node
        node = node.target
    return node


def entries(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """Name, key and value of all that a mapping holds, ``<<`` put in; nothing for what is no mapping."""
    seen: set[str] = set()
    waiting: list[Node] = [node]
    for _round in range(_MOST_ALIASES):
        if not waiting:
            return
        here = resolved(waiting.pop(0))
        if isinstance(here, SequenceNode):
            waiting = [*here.items, *waiting]
        if not isinstance(here, MappingNode):
            continue
        own: dict[str, Entry] = {entry.name: entry for entry in here.entries if entry.name is not None}
        for name, entry in own.items():
            if name != "<<" and name not in seen:
                yield name, entry.key, entry.value
        seen |= own.keys() - {"<<"}
        waiting += [own["<<"].value] if "<<" in own else []


def named(node: Node | None, name: str) -> Node | None:
    """What a mapping has under that name."""
    if node is None:
        return None
    return next((value for key, _node, value in entries(node) if key == name), None)


def find(document: Document, key: Key) -> Node | None:
    """What is at ``key``, through aliases; None where nothing is."""
    node: Node | None = document.root
    for step in key:
        here = resolved(node) if node is not None else None
        if isinstance(step, str):
            node = named(here, step)
        elif isinstance(here, SequenceNode) and 0 <= step < len(here.items):
            node = here.items[step]
        else:
            return None
    return node


def place_of(document: Document, key: Key) -> tuple[int, int]:
    """Line and column, from 1, of what is at ``key``; where that is not written, of what it would stand in."""
    for length in range(len(key), -1, -1):
        node = _to_point_at(document, key[:length])
        if node is not None:
            return document.line(node), document.column(node)
    return 1, 1


def line_at(document: Document, key: Key) -> int:
    """The line of `place_of`."""
    return place_of(document, key)[0]


def _to_point_at(document: Document, key: Key) -> Node | None:
    """The key of an entry, as its value may begin some lines below; an item."""
    if not key or isinstance(key[-1], int):
        return find(document, key)
    above = find(document, key[:-1])
    return next((node for name, node, _value in entries(above) if name == key[-1]), None) if above else None


def plain(node: Node | None, name: str = "YAML") -> Any:
    """The node as dictionaries, lists and values; keys are text.

    Args:
        node: of a document.
        name: of its file, for messages.

    Raises:
        TooLarge: its aliases make more of it than anybody means.
    """
    return _Plain(name).of(node, MAX_DEPTH)


class _Plain:
    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0

    def of(self, node: Node | None, deeper: int) -> Any:
        self._count += 1
        if self._count > MAX_VALUES or deeper < 0:
            raise TooLarge(_("{path}: its aliases make too much of it").format(path=self._name))
        here = resolved(node) if node is not None else None
        if isinstance(here, MappingNode):
            return {name: self.of(value, deeper - 1) for name, _key, value in entries(here)}
        if isinstance(here, SequenceNode):
            return [self.of(item, deeper - 1) for item in here.items]
        return _value(here) if isinstance(here, ScalarNode) else None


def _value(node: ScalarNode) -> Any:
    if node.style or node.tag in ("!", "tag:yaml.org,2002:str"):
        return node.value
    return plain_scalar(node.value)
