"""What was seen, said so that evidence holds it in one language, and people read it in theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["Seen", "Value"]

_PLAIN: Final = ", "
Value: TypeAlias = "str | int | float | Seen | Sequence[Value] | Mapping[str, Value]"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen.

    Attributes:
        text: English. A sentence of ours is marked for the catalogue; words of an engine or of a program are in none,
            and stay what they are.
        values: what stands at the ``{places}`` of the text, and what of it is for programs alone.
    """

    text: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        """In English: for evidence, JSON and predicates."""
        if not self.values:
            return self.text
        return self.text.format_map({name: _english(value) for name, value in self.values.items()})

    def shown(self) -> str:
        """In the language spoken now."""
        text = _(self.text)
        if not self.values:
            return text
        return text.format_map({name: _shown(value) for name, value in self.values.items()})

    def facts(self) -> dict[str, object]:
        """The values as JSON has them."""
        return {name: _fact(value) for name, value in self.values.items()}


def _english(value: Value) -> str | int | float:
    match value:
        case str() | int() | float():
            return value
        case Seen():
            return str(value)
        case Mapping():
            return "; ".join(f"{name} {_english(one)}" for name, one in value.items())
    return _PLAIN.join(str(_english(one)) for one in value)


def _shown(value: Value) -> str | int | float:
    match value:
        case Seen():
            return value.shown()
        case str() | int() | float() | Mapping():
            return _english(value)
    return listed(str(_shown(one)) for one in value)


def _fact(value: Value) -> object:
    match value:
        case str() | int() | float():
            return value
        case Seen():
            return value.facts() or value.text
        case Mapping():
            return {name: _fact(one) for name, one in value.items()}
    return [_fact(one) for one in value]
