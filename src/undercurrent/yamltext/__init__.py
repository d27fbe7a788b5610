"""YAML files that people write: read with the place of everything, changed in places, and never written anew."""

from undercurrent.yamltext.editing import append, edited, remove, set_value
from undercurrent.yamltext.nodes import (
    AliasNode,
    Document,
    Entry,
    Fault,
    Key,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)
from undercurrent.yamltext.reading import MAX_ALIASES, MAX_DEPTH, MAX_FILE, is_templated, parse
from undercurrent.yamltext.values import entries, find, line_at, named, place_of, plain, plain_scalar, resolved

__all__ = [
    "MAX_ALIASES",
    "MAX_DEPTH",
    "MAX_FILE",
    "AliasNode",
    "Document",
    "Entry",
    "Fault",
    "Key",
    "MappingNode",
    "Node",
    "ScalarNode",
    "SequenceNode",
    "append",
    "edited",
    "entries",
    "find",
    "is_templated",
    "line_at",
    "named",
    "parse",
    "place_of",
    "plain",
    "plain_scalar",
    "remove",
    "resolved",
    "set_value",
]
