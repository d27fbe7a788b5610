"""Paths into a predicate: ``runDetails.builder.id``, ``components[*].licenses``, ``annotations."org.acme/team"``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _

__all__ = ["EACH", "MAX_PATH", "FieldPath", "Values"]

MAX_PATH: Final = 512
"""Characters of a path."""
EACH: Final = "*"
"""The step that goes into every item of a list."""

_PART: Final = re.compile(
    r"""(?P<dot>\.)?(?:(?P<name>[^\s."'\[\]*]+)|"(?P<quoted>[^"]*)"|'(?P<single>[^']*)')|\[(?P<index>\d{1,9}|\*)\]"""
)

_Step: TypeAlias = str | int | None
"""A key, a number of an item, or None for every item."""


@dataclass(frozen=True, slots=True)
class Values:
    """What stands at a path.

    Attributes:
        found: each value, after the place where it stands.
        missing: places where there is none, though something is around it.
        begun: whether there is a list where the path first asks for every item; True for a path that does not.
    """

    found: tuple[tuple[str, Any], ...]
    missing: tuple[str, ...]
    begun: bool


@dataclass(frozen=True)  # no slots: the steps are kept beside the text
class FieldPath:
    """A path; keys are compared by the letter.

    Attributes:
        text: as it was written: names with dots between them, in quotes where they hold other marks; ``[0]`` is an item
            of a list, ``[*]`` each item.

    Raises:
        UsageError: it is no path.
    """

    text: str

    def __post_init__(self) -> None:
        _ = self._steps

    @cached_property
    def _steps(self) -> tuple[_Step, ...]:
        steps: list[_Step] = []
        position = 0
        while position < len(self.text) or not steps:
            part = _PART.match(self.text, position)
            well_placed = part is not None and (part["index"] is not None or bool(part["dot"]) == bool(steps))
            if part is None or not well_placed or len(self.text) > MAX_PATH:
                raise UsageError(
                    _("{text!r} is not a path to a field").format(text=self.text[:100]),
                    hint=_("write it as {example}").format(example='runDetails.builder.id, results[*].level, a."b.c"'),
                )
            key = next((part[kind] for kind in ("name", "quoted", "single") if part[kind] is not None), None)
            steps.append(key if part["index"] is None else None if part["index"] == EACH else int(part["index"]))
            position = part.end()
        return tuple(steps)

    @property
    def many(self) -> bool:
        """Whether there may be several values."""
        return None in self._steps

    def find(self, document: Any) -> Values:
        """What stands there in ``document``, JSON values."""
        found: list[tuple[str, Any]] = []
        missing: list[str] = []
        first = self._steps.index(None) if self.many else 0
        begun = not self.many or any(
            isinstance(value, list) for _place, value, there in _walk(document, self._steps[:first]) if there
        )
        for place, value, there in _walk(document, self._steps):
            if there:
                found.append((place, value))
            else:
                missing.append(place)
        return Values(tuple(found), tuple(missing), begun)

    def __str__(self) -> str:
        return self.text


def _walk(value: Any, steps: tuple[_Step, ...], place: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Place, value, and whether there is one, for each way through ``value``. As deep as a path, not as a document."""
    if not steps:
        yield place, value, True
        return
    step, rest = steps[0], steps[1:]
    if step is None and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, rest, f"{place}[{number}]")
    elif isinstance(step, int) and isinstance(value, list) and step < len(value):
        yield from _walk(value[step], rest, f"{place}[{step}]")
    elif isinstance(step, str) and isinstance(value, dict) and step in value:
        yield from _walk(value[step], rest, _joined(place, step))
    else:
        yield (
            _joined(place, step) if isinstance(step, str) else f"{place}[{EACH if step is None else step}]",
            None,
            False,
        )


def _joined(place: str, name: str) -> str:
    name = name if re.fullmatch(r"""[^\s."'\[\]*]+""", name) else f'"{name}"'
    return f"{place}.{name}" if place else name
