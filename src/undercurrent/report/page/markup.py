"""Elements of HTML and SVG as values, so that no text can become markup.

Names of images, outcomes, proofs: whatever evidence holds was written by strangers. A page here is a tree of
`Element`, and text in it is only ever text: it is escaped where the tree is written, and there is no way around that.
What has to be verbatim, a style sheet and a script, is read from this package's own files (`Asset`).
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Final, TypeAlias

from undercurrent.report.plain import plain

__all__ = ["Asset", "Child", "Element", "Piece", "Value", "Written", "e"]

Value: TypeAlias = str | int | float | bool | None
"""Of an attribute; ``True`` is one without a value, ``None`` and ``False`` none at all."""

_VOID: Final = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_VERBATIM: Final = frozenset({"script", "style"})
_NAME: Final = re.compile(r"[a-z][a-zA-Z0-9-]*")
_ADDRESSES: Final = frozenset({"href", "src", "action", "formaction", "xlink:href"})
_SAFE_ADDRESS: Final = re.compile(r"#|https?://|data:image/svg\+xml[,;]", re.IGNORECASE)
_LINES: Final = frozenset({"tr", "section", "figure", "h2", "h3", "g", "table", "main", "header", "footer", "li", "p"})
"""Elements that begin a line of the file: for those who read it."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `e` makes it."""

    name: str
    attributes: Mapping[str, Value]
    children: "tuple[Piece, ...]"

    def __str__(self) -> str:
        """The element as text."""
        pieces: list[str] = []
        _write(self, pieces)
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of this package that stands in the page as it is: the style sheet, the script."""

    name: str

    @property
    def text(self) -> str:
        """Its content."""
        return resources.files(__package__).joinpath(self.name).read_text("utf-8")

    @property
    def source(self) -> str:
        """What a content security policy calls it: ``'sha256-…'``."""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.text.encode()).digest()).decode()}'"


@dataclass(frozen=True, slots=True)
class Written:
    """An element that was written already, for those who have to know how long it is; `Written.of` makes it."""

    text: str

    @classmethod
    def of(cls, element: Element) -> "Written":
        """The element, written."""
        return cls(str(element))


Piece: TypeAlias = Element | Written | Asset | str
"""What an element holds."""

Child: TypeAlias = Piece | int | Iterable["Child"] | None
"""What may be in an element; ``None`` is nothing."""


def e(name: str, /, *children: Child, **attributes: Value) -> Element:
    """An element.

    Args:
        name: of the element.
        children: texts and elements; sequences of them are laid out flat.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``.

    Raises:
        ValueError: a name that is none, an attribute that runs a script, or a link to something that is no page.
    """
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    for key, value in named.items():
        if not _NAME.fullmatch(key) or key.startswith("on"):
            raise ValueError(f"no attribute of a page: {key}")
        if key in _ADDRESSES and not _SAFE_ADDRESS.match(str(value)):
            raise ValueError(f"no address to link to: {value}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"no element: {name}")
    return Element(name, named, tuple(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterator[Piece]:
    for child in children:
        match child:
            case None:
                pass
            case str() | Element() | Written() | Asset():
                yield child
            case int():
                yield str(child)
            case _:
                yield from _flat(child)


def _write(element: Element, pieces: list[str]) -> None:
    pieces.append(f"\n<{element.name}" if element.name in _LINES else f"<{element.name}")
    for key, value in element.attributes.items():
        if value is True:
            pieces.append(f" {key}")
        elif value is not None and value is not False:
            text = _coordinate(value) if isinstance(value, float) else str(value)
            pieces.append(f' {key}="{escape(plain(text))}"')
    pieces.append(">")
    if element.name in _VOID:
        return
    for child in element.children:
        if isinstance(child, Element):
            _write(child, pieces)
        elif isinstance(child, Written):
            pieces.append(child.text)
        elif isinstance(child, Asset) is not (element.name in _VERBATIM):
            raise ValueError(f"{element.name}: scripts and style sheets, and nothing else, are files of this package")
        else:
            pieces.append(child.text if isinstance(child, Asset) else escape(plain(child), quote=False))
    pieces.append(f"</{element.name}>")


def _coordinate(value: float) -> str:
    """To a tenth of a pixel."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # adding nothing makes -0.0 a 0.0
