"""YAML text read into nodes that know their places: bounded, and without making any object that a tag names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.splices import Span, as_text, line_of
from undercurrent.yamltext.nodes import AliasNode, Document, Entry, Fault, MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    import yaml

__all__ = ["MAX_ALIASES", "MAX_DEPTH", "MAX_FILE", "is_templated", "parse"]

MAX_FILE: Final = 4 * 1024 * 1024
"""Characters of a file; etcd takes no object of more than 1.5 MiB."""
MAX_DEPTH: Final = 100
"""Collections in one another."""
MAX_ALIASES: Final = 10_000
"""Aliases in a file."""

_TEMPLATE: Final = re.compile(r"\{\{[^{}\n]{0,500}\}\}")
_BOM: Final = "\ufeff"


def is_templated(text: str) -> bool:
    """Whether ``{{ … }}`` is in it: Helm's templates become YAML only when they are rendered."""
    return _TEMPLATE.search(text) is not None


def parse(source: str | bytes, name: str) -> tuple[Document, ...]:
    """The documents of a file, empty ones too.

    Args:
        source: the file, as `undercurrent.splices.as_text` reads it.
        name: of the file, for messages.

    Raises:
        BadContent: it is no YAML; the message has the line.
        TooLarge: it is larger, or nested deeper, than anything that people write.
        Unsupported: it is a template that has to be rendered first.
    """
    text = as_text(source) if isinstance(source, bytes) else source
    if len(text) > MAX_FILE:
        raise TooLarge(_("{path} is larger than 4 MiB: that is no manifest").format(path=name))
    reader = _Reader(name, text)
    try:
        reader.read(_events(text))
    except UnicodeError as error:
        raise BadContent(
            _("{path} is not text in UTF-8").format(path=name),
            hint=_("save it as UTF-8"),
        ) from error
    return tuple(reader.documents)


def _events(text: str) -> "Iterator[yaml.Event]":
    import yaml  # noqa: PLC0415 - only those who read YAML wait for it

    # libyaml's parser is twenty times as fast; both give the same events and places, but for the mark below.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yield from yaml.parse(text.removeprefix(_BOM), Loader=loader)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    event: Any
    start: int
    parts: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    name: str
    text: str
    documents: list[Document] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _faults: list[Fault] = field(default_factory=list)
    _root: Node | None = None
    _aliases: int = 0

    def read(self, events: "Iterator[yaml.Event]") -> None:
        import yaml  # noqa: PLC0415

        try:
            for event in events:
                self._take(event)
        except yaml.YAMLError as error:
            raise self._refusal(error) from error
        except _NotWritten as error:
            raise self._unrendered(error.at) from error

    def _take(self, event: Any) -> None:
        match type(event).__name__:
            case "DocumentStartEvent":
                self._anchors, self._faults, self._root = {}, [], None
            case "DocumentEndEvent":
                document = Document(self.name, self.text, len(self.documents), self._root, tuple(self._faults))
                self.documents.append(document)
            case "MappingStartEvent" | "SequenceStartEvent":
                if len(self._open) >= MAX_DEPTH:
                    raise TooLarge(
                        _("{path}, line {line}: nested too deeply").format(
                            path=self.name, line=event.start_mark.line + 1
                        )
                    )
                self._open.append(_Open(event, self._at(event.start_mark)))
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close(self._at(event.end_mark))
            case "ScalarEvent":
                self._add(self._scalar(event), event.anchor)
            case "AliasEvent":
                self._add(self._alias(event), None)

    def _at(self, mark: Any) -> int:
        return int(mark.index) + self.text.startswith(_BOM)

    def _scalar(self, event: Any) -> ScalarNode:
        start, end = self._at(event.start_mark), self._at(event.end_mark)
        style: Any = event.style or ""
        if style in ("|", ">"):
            end = start + _length_of_block(self.text[start:end])
        return ScalarNode(Span(start, end), event.value, style, event.tag or "", event.anchor or "")

    def _alias(self, event: Any) -> AliasNode:
        self._aliases += 1
        target = self._anchors.get(event.anchor)
        span = Span(self._at(event.start_mark), self._at(event.end_mark))
        place = {"path": self.name, "line": line_of(self.text, span.start)}
        if target is None:
            raise BadContent(_("{path}, line {line}: nothing is called &{name}").format(name=event.anchor, **place))
        if self._aliases > MAX_ALIASES:
            raise TooLarge(_("{path}, line {line}: too many aliases").format(**place))
        return AliasNode(span, event.anchor, target)

    def _close(self, end: int) -> None:
        opened = self._open.pop()
        event, parts = opened.event, opened.parts
        flow = bool(event.flow_style)
        if not flow:  # the event comes where the next thing begins, behind blank lines and comments
            end = max((part.span.end for part in parts), default=opened.start)
        span, tag, anchor = Span(opened.start, end), event.tag or "", event.anchor or ""
        if type(event).__name__ == "SequenceStartEvent":
            self._add(SequenceNode(span, tuple(parts), flow, tag, anchor), anchor)
            return
        entries = tuple(Entry(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))
        self._look_at(entries)
        self._add(MappingNode(span, entries, flow, tag, anchor), anchor)

    def _look_at(self, entries: tuple[Entry, ...]) -> None:
        names: set[str] = set()
        for entry in entries:
            name = entry.name
            if name is None:
                if isinstance(entry.key, MappingNode) and self.text.startswith("{{", entry.span.start - 1):
                    raise _NotWritten(entry.span.start)
                self._faults.append(Fault("complex-key", entry.key.span.of(self.text)[:80], entry.key.span))
            elif name in names and name != "<<":
                self._faults.append(Fault("duplicate-key", name, entry.key.span))
            names.add(name or "")

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].parts.append(node)
        else:
            self._root = node

    def _refusal(self, error: Any) -> BadContent | Unsupported:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        # As for an event, but what libyaml says of a character that may not stand anywhere has no mark.
        at = self._at(mark) if mark is not None else int(getattr(error, "position", 0) or 0)
        if is_templated(self.text):
            return self._unrendered(at)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or _("it cannot be read")
        return BadContent(
            _("{path}, line {line}: this is not valid YAML: {reason}").format(
                path=self.name, line=line_of(self.text, at), reason=reason
            ),
            hint=_("see https://yaml.org for the format"),
        )

    def _unrendered(self, at: int) -> Unsupported:
        found = _TEMPLATE.search(self.text)
        line = line_of(self.text, found.start() if found else at)
        return Unsupported(
            _("{path}, line {line}: this is a template, not YAML").format(path=self.name, line=line),
            hint=_("render it first, for example with `helm template`"),
        )


class _NotWritten(Exception):
    """``{{ … }}`` where a value should be."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def _length_of_block(raw: str) -> int:
    """Characters of a block scalar, without the blank lines behind it that are none of its content."""
    header = raw.partition("\n")[0].partition("#")[0]
    if "+" in header:
        return len(raw) - (2 if raw.endswith("\r\n") else 1 if raw.endswith("\n") else 0)
    return len(raw.rstrip())
