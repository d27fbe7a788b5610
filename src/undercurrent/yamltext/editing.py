"""Changes to YAML text that touch nothing else: comments, quotes, order and blank lines stay as they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from undercurrent.errors import Unsupported
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span, spliced
from undercurrent.yamltext.nodes import AliasNode, Document, Entry, Key, MappingNode, Node, ScalarNode, SequenceNode
from undercurrent.yamltext.values import find, plain
from undercurrent.yamltext.writing import Manner, flowed, item_lines, lines, manner_of, scalar_text

__all__ = ["append", "edited", "remove", "set_value"]

_MARKS: Final = re.compile(r"(?:[&!]\S*\s+)*")
_PORTS: Final = re.compile(r"[0-9.]+(?::[0-9]+)+(?:/[a-z]+)?")
_SEXAGESIMAL: Final = re.compile(r"[0-9]+(?::[0-5]?[0-9])+")
_INDENT: Final = re.compile(r"[\r\n]*( *)(-?)")


def edited(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with the edits of one or several calls made.

    Several may put lines at one place: behind the last line of a mapping that is itself the last thing in another.
    What is indented most belongs innermost, and goes first.
    """
    return spliced(text, sorted(dict.fromkeys(edits), key=_depth))


def _depth(edit: Edit) -> tuple[int, bool]:
    found = _INDENT.match(edit.text)
    return (-len(found[1]), not found[2]) if found else (0, True)


def set_value(document: Document, key: Key, value: Any) -> tuple[Edit, ...]:
    """The edits that put ``value`` at ``key``.

    Args:
        document: what to change.
        key: where; what is missing on the way is made.
        value: text, number, bool, None, or lists and mappings of such. A mapping is merged into the one that is
            there; a list takes the place of what is there.

    Returns:
        None where it says that already.

    Raises:
        Unsupported: it stands behind an alias, or is written in a way that cannot be changed with certainty.
    """
    node = document.root
    if node is None:
        raise _no_edit(document, key, 1)
    for depth, step in enumerate(key):
        below = _child(document, node, step, key)
        if below is None:
            missing: Any = value
            for name in reversed(key[depth + 1 :]):
                if isinstance(name, int):
                    raise _no_edit(document, key, document.line(node))
                missing = {name: missing}
            return _added(document, node, {step: missing}, key)
        if isinstance(below, Entry) and _is_nothing(below.value) and depth + 1 < len(key):
            missing = value
            for name in reversed(key[depth + 1 :]):
                missing = {name: missing}
            return _replaced(document, below, missing, in_flow=_is_flow(node))
        if depth + 1 == len(key):
            return _put(document, below, value, key, in_flow=_is_flow(node))
        node = below.value if isinstance(below, Entry) else below
    return _merged(document, node, value, key)


def _child(document: Document, node: Node, step: str | int, key: Key) -> Entry | Node | None:
    if isinstance(node, AliasNode):
        raise _no_edit(document, key, document.line(node))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    if isinstance(node, MappingNode) and isinstance(step, str):
        if sum(entry.name == step for entry in node.entries) > 1:
            raise _no_edit(document, key, document.line(node))
        return node.entry(step)
    raise _no_edit(document, key, document.line(node))


def _put(document: Document, below: Entry | Node, value: Any, key: Key, *, in_flow: bool) -> tuple[Edit, ...]:
    node = below.value if isinstance(below, Entry) else below
    if plain(node) == value and type(plain(node)) is type(value):
        return ()
    if isinstance(value, Mapping) and isinstance(node, MappingNode):
        return _merged(document, node, value, key)
    if isinstance(node, AliasNode):
        whole = _joined(plain(node), value)  # what others share stays as it is; here it is written out
        return () if whole == plain(node) else (Edit(node.span, flowed(whole, json_like=manner_of(document).json)),)
    if isinstance(below, Entry):
        return _replaced(document, below, value, in_flow=in_flow)
    if isinstance(node, ScalarNode) and node.style not in ("|", ">") and not isinstance(value, Mapping | list | tuple):
        text = _scalar_like(node, value, node.style)
        return (Edit(_body(document, node), text if node.span else f" {text}"),)
    raise _no_edit(document, key, document.line(node))


def _joined(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{name: _joined(old.get(name), value) for name, value in new.items()}}


def _scalar_like(node: ScalarNode, value: Any, style: str) -> str:
    """A new value in the manner of the old one: ports without quotes stay so where nobody takes them for a number."""
    if isinstance(value, str) and not node.style and _PORTS.fullmatch(value) and not _SEXAGESIMAL.fullmatch(value):
        return value
    return scalar_text(value, style)


def _merged(document: Document, node: Node, value: Any, key: Key) -> tuple[Edit, ...]:
    if not isinstance(node, MappingNode) or not isinstance(value, Mapping):
        raise _no_edit(document, key, document.line(node))
    new = {name: inner for name, inner in value.items() if node.entry(name) is None}
    edits = [edit for name in value if name not in new for edit in set_value(document, (*key, name), value[name])]
    return (*edits, *(_added(document, node, new, key) if new else ()))


def _replaced(document: Document, entry: Entry, value: Any, *, in_flow: bool) -> tuple[Edit, ...]:
    """The value of an entry, all of it, by another; ``in_flow`` where the entry stands in braces."""
    node, manner = entry.value, manner_of(document)
    if isinstance(node, ScalarNode) and node.span and not _is_nothing(node) and not _is_collection(value):
        lasting = '"' if manner.json or node.style in ("|", ">") else node.style
        return (Edit(_body(document, node), _scalar_like(node, value, lasting)),)
    if not _is_collection(value) or not value or in_flow:
        return (_replaced_inline(document, entry, flowed(value, json_like=manner.json)),)
    indent = document.column(entry.key) - 1
    made = lines({entry.name or "": value}, indent, manner)[1:]
    below = "".join(manner.newline + line for line in made)
    if not node.span:
        at = _end_of_line(document, node.span.end)
        return (Edit(Span(at, at), below),)
    return (Edit(Span(_behind_colon(document, entry), node.span.end), below),)


def _replaced_inline(document: Document, entry: Entry, text: str) -> Edit:
    node = entry.value
    if not node.span:
        return Edit(node.span, f" {text}")
    if _begins_lower(document, entry):
        return Edit(Span(_behind_colon(document, entry), node.span.end), f" {text}")
    return Edit(node.span, text)


def _added(document: Document, node: Node, values: Mapping[Any, Any], key: Key) -> tuple[Edit, ...]:
    """New entries behind the last one of a mapping."""
    if not isinstance(node, MappingNode) or not all(isinstance(name, str) for name in values):
        raise _no_edit(document, key, document.line(node))
    manner = manner_of(document)
    if node.flow:
        return (_into_flow(document, node, values, manner),)
    last = node.entries[-1]
    indent = document.column(node.entries[0].key) - 1
    _check_plain_keys(document, node, key)
    at = _end_of_line(document, last.span.end)
    return (Edit(Span(at, at), "".join(manner.newline + line for line in lines(values, indent, manner))),)


def _check_plain_keys(document: Document, node: MappingNode, key: Key) -> None:
    columns = {document.column(entry.key) for entry in node.entries}
    before = document.text[: node.entries[0].key.span.start].rstrip(" ")
    if len(columns) > 1 or before.endswith("?"):
        raise _no_edit(document, key, document.line(node))


def _into_flow(document: Document, node: MappingNode, values: Mapping[str, Any], manner: Manner) -> Edit:
    text, closing = document.text, node.span.end - 1
    quoted = manner.json or any(isinstance(entry.key, ScalarNode) and entry.key.style == '"' for entry in node.entries)
    pairs = flowed(values, json_like=quoted)[1:-1]
    if not node.entries:
        return Edit(Span(_brace(document, node), node.span.end), "{" + pairs + "}")
    last = node.entries[-1].span.end
    rest = text[last:closing]
    comma = "," in re.sub(r"#.*", "", rest)
    apart = " "
    if "\n" in text[node.span.start : node.entries[0].span.start]:
        apart = manner.newline + " " * (document.column(node.entries[-1].key) - 1)
    if comma:
        at = last + rest.index(",") + 1
        return Edit(Span(at, at), apart + pairs)
    return Edit(Span(last, last), "," + apart + pairs)


def _brace(document: Document, node: MappingNode | SequenceNode) -> int:
    return node.span.start + len(_MARKS.match(document.text[node.span.start : node.span.end])[0])  # type: ignore[index]


def append(document: Document, key: Key, item: Any) -> tuple[Edit, ...]:
    """The edits that put ``item`` behind the last one of the list at ``key``; a list that is missing is made.

    Raises:
        Unsupported: what is there is no list, or cannot be changed with certainty.
    """
    node, manner = find(document, key), manner_of(document)
    if node is None or _is_nothing(node):
        return set_value(document, key, [item])
    if not isinstance(node, SequenceNode) or _through_alias(document, key):
        raise _no_edit(document, key, document.line(node))
    if not node.items:
        return set_value(document, key, [item])
    last = node.items[-1]
    if node.flow:
        return (Edit(Span(last.span.end, last.span.end), ", " + flowed(item, json_like=manner.json)),)
    at = _end_of_line(document, last.span.end)
    made = item_lines(item, _dash(document, node, key), manner)
    return (Edit(Span(at, at), "".join(manner.newline + line for line in made)),)


def _dash(document: Document, node: SequenceNode, key: Key) -> int:
    text = document.text
    before = text[: node.items[0].span.start].rstrip(" ")
    at = node.span.start if text.startswith("-", node.span.start) else len(before) - 1
    if not text.startswith("-", at):
        raise _no_edit(document, key, document.line(node))
    return at - (text.rfind("\n", 0, at) + 1)


def remove(document: Document, key: Key) -> tuple[Edit, ...]:
    """The edits that take what is at ``key`` away, with the lines that it has; nothing where it is not there.

    Raises:
        Unsupported: it stands behind an alias, or cannot be taken away with certainty.
    """
    parent = find(document, key[:-1])
    if parent is None or find(document, key) is None:
        return ()
    step = key[-1]
    if not isinstance(parent, MappingNode | SequenceNode) or _through_alias(document, key[:-1]):
        raise _no_edit(document, key, document.line(parent))
    parts: Sequence[Entry | Node] = parent.entries if isinstance(parent, MappingNode) else parent.items
    index = step if isinstance(step, int) else next((i for i, e in enumerate(parts) if _name(e) == step), None)
    if index is None:  # it comes with a merge
        raise _no_edit(document, key, document.line(parent))
    if len(parts) == 1:
        empty = "{}" if isinstance(parent, MappingNode) else "[]"
        return _emptied(document, key[:-1], parent, empty)
    if parent.flow:
        return (_out_of_flow(parts, index),)
    return (_without_lines(document, parent, parts, index, key),)


def _name(part: Entry | Node) -> str | None:
    return part.name if isinstance(part, Entry) else None


def _emptied(document: Document, key: Key, parent: MappingNode | SequenceNode, empty: str) -> tuple[Edit, ...]:
    if parent.flow:
        return (Edit(Span(_brace(document, parent), parent.span.end), empty),)
    above = find(document, key[:-1]) if key else None
    entry = above.entry(str(key[-1])) if isinstance(above, MappingNode) else None
    if entry is None:
        raise _no_edit(document, key, document.line(parent))
    return (Edit(Span(_behind_colon(document, entry), parent.span.end), f" {empty}"),)


def _out_of_flow(parts: "Sequence[Entry | Node]", index: int) -> Edit:
    if index + 1 < len(parts):
        return Edit(Span(parts[index].span.start, parts[index + 1].span.start), "")
    return Edit(Span(parts[index - 1].span.end, parts[index].span.end), "")


def _without_lines(
    document: Document, parent: MappingNode | SequenceNode, parts: "Sequence[Entry | Node]", index: int, key: Key
) -> Edit:
    text, part = document.text, parts[index]
    start = part.span.start
    if isinstance(parent, SequenceNode):
        start = len(text[:start].rstrip(" ")) - 1
        if not text.startswith("-", start):
            raise _no_edit(document, key, document.line(part if not isinstance(part, Entry) else part.key))
    begin = text.rfind("\n", 0, start) + 1
    if text[begin:start].strip(" "):  # it stands behind a dash, which the next one is to have
        if index + 1 >= len(parts):
            raise _no_edit(document, key, document.line(parent))
        return Edit(Span(start, parts[index + 1].span.start), "")
    end = _end_of_line(document, part.span.end)
    newline = text.find("\n", end)
    return Edit(Span(begin, len(text) if newline < 0 else newline + 1), "")


def _through_alias(document: Document, key: Key) -> bool:
    return any(isinstance(find(document, key[:length]), AliasNode) for length in range(len(key) + 1))


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and not node.tag and plain(node) is None


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _body(document: Document, node: ScalarNode) -> Span:
    """Its text, without anchor and tag."""
    marks = _MARKS.match(node.span.of(document.text))
    return Span(node.span.start + (len(marks[0]) if marks and node.anchor else 0), node.span.end)


def _is_flow(node: Node) -> bool:
    return isinstance(node, MappingNode | SequenceNode) and node.flow


def _behind_colon(document: Document, entry: Entry) -> int:
    return document.text.index(":", entry.key.span.end) + 1


def _begins_lower(document: Document, entry: Entry) -> bool:
    return "\n" in document.text[entry.key.span.end : entry.value.span.start]


def _end_of_line(document: Document, offset: int) -> int:
    end = document.text.find("\n", offset)
    end = len(document.text) if end < 0 else end
    return end - 1 if end > offset and document.text[end - 1] == "\r" else end


def _no_edit(document: Document, key: Key, line: int) -> Unsupported:
    return Unsupported(
        _("{path}, line {line}: {name} cannot be changed without writing it anew").format(
            path=document.name, line=line, name=".".join(map(str, key))
        ),
        hint=_("change it by hand: it stands behind an alias, twice, or in a form that is rarely used"),
    )
