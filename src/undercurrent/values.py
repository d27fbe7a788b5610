"""One value that somebody set: made into what an annotation says, or refused with a reason that people understand.

Every command reads settings. What a general library for this takes to be imported, and to build its models, is a
fifth of the time that verifying an image takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from os import PathLike
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = [
    "NAMES_FILES",
    "Between",
    "MoreThan",
    "NotEmpty",
    "converted",
    "is_list",
    "is_table",
    "marks_of",
    "plain_kind",
]

NAMES_FILES: Final = "names files"
"""Marks paths, and texts that may be paths: in a file, they are meant relative to it."""

_WORDS: Final = MappingProxyType({"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False})


_Number = TypeVar("_Number", int, float, Decimal)
_MOST_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class MoreThan:
    """Marks a number that is more than ``least``."""

    least: int

    def check(self, value: float) -> None:
        """Looks at one.

        Raises:
            ValueError: it is not.
        """
        if not value > self.least:
            raise ValueError(_("it must be more than {gt}").format(gt=self.least))


@dataclass(frozen=True, slots=True)
class Between:
    """Marks a number between two others, these included."""

    least: int
    most: int

    def check(self, value: int | Decimal) -> None:
        """Looks at one.

        Raises:
            ValueError: it is not.
        """
        if value < self.least:
            raise ValueError(_("it must be at least {ge}").format(ge=self.least))
        if value > self.most:
            raise ValueError(_("it must be at most {le}").format(le=self.most))


@dataclass(frozen=True, slots=True)
class NotEmpty:
    """Marks a list that has something in it."""

    def check(self, value: tuple[Any, ...]) -> None:
        """Looks at one.

        Raises:
            ValueError: it has nothing.
        """
        if not value:
            raise ValueError(_("it must not be empty"))


def converted(value: Any, annotation: Any) -> Any:
    """``value``, from a file, an environment variable (then text) or a flag, as what ``annotation`` says.

    Args:
        value: what was set.
        annotation: ``bool``, ``int``, ``float``, ``Decimal``, ``str``, ``Path``, ``Literal[…]`` of texts,
            ``tuple[…, ...]`` or ``… | None`` of these, or ``Annotated[…, mark, …]`` of one of those with marks of this
            module; ``Mapping[str, …]`` of any of them, or of a dataclass, for which text alone stands for its first
            field.

    Raises:
        ValueError: it is none; says what it must be, in the user's language.
    """
    kind = plain_kind(annotation)
    made: Any
    if get_origin(kind) is Literal:
        made = _one_of(value, get_args(kind))
    elif is_list(kind):
        made = _items(value, get_args(kind)[0])
    elif is_table(kind):
        made = _entries(value, get_args(kind)[1])
    elif is_dataclass(kind):
        made = _record(value, kind)
    else:
        made = _KINDS[kind](value)
    for mark in marks_of(annotation):
        if mark is not NAMES_FILES:
            mark.check(made)
    return made


def marks_of(annotation: Any) -> tuple[Any, ...]:
    """The marks that an annotation carries."""
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def plain_kind(annotation: Any) -> Any:
    """An annotation without its marks, and without the None that stands for what is not set."""
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if isinstance(kind, UnionType):
        return next(option for option in get_args(kind) if option is not NoneType)
    return kind


def is_list(annotation: Any) -> bool:
    """Whether several values are meant."""
    return get_origin(plain_kind(annotation)) is tuple


def is_table(annotation: Any) -> bool:
    """Whether values with names of the user's are meant."""
    return get_origin(plain_kind(annotation)) is Mapping


def _entries(value: Any, annotation: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(_("it must be a table"))  # noqa: TRY004 - the one error that there is
    made = {}
    for name, item in value.items():
        try:
            made[name] = converted(item, annotation)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return MappingProxyType(made)


def _record(value: Any, kind: Any) -> Any:
    known = {field.name: field.type for field in fields(kind)}
    given = {next(iter(known)): value} if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        raise ValueError(_("it must be a table"))  # noqa: TRY004
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(_("{name!r} cannot be set; known are: {names}").format(name=unknown[0], names=listed(known)))
    return kind(**{name: converted(item, known[name]) for name, item in given.items()})


def _items(value: Any, annotation: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(_("it must be a list"))  # noqa: TRY004 - the one error that there is
    return tuple(converted(item, annotation) for item in value)


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(_("it must be one of {expected}").format(expected=listed(map(repr, known))))
    return str(value)


def _boolean(value: Any) -> bool:
    found = _WORDS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError(_("it must be true or false"))  # noqa: TRY004
    return found


def _whole(value: Any) -> int:
    reason = _("it must be a whole number")
    if isinstance(value, str):
        return int(_number(value, int, reason))
    number = _number(value, Decimal, reason)
    # Not so many digits that they would take long: no setting has them.
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS or number != int(number):
        raise ValueError(reason)
    return int(number)


def _number(value: Any, make: Callable[[Any], _Number], reason: str) -> _Number:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(reason)  # noqa: TRY004
    try:
        return make(value)
    except (ValueError, ArithmeticError):
        raise ValueError(reason) from None


def _real(value: Any) -> float:
    return _number(value, float, _("it must be a number"))


def _decimal(value: Any) -> Decimal:
    reason = _("it must be a number")
    # A float is taken as it is written: 0.1 is a tenth.
    number = _number(str(value) if isinstance(value, float) else value, Decimal, reason)
    if not number.is_finite():
        raise ValueError(reason)
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("it must be text"))  # noqa: TRY004
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str | PathLike):
        raise ValueError(_("it must be a path"))  # noqa: TRY004
    return Path(value)


_KINDS: Final[Mapping[Any, Callable[[Any], Any]]] = MappingProxyType(
    {bool: _boolean, int: _whole, float: _real, Decimal: _decimal, str: _text, Path: _path}
)
