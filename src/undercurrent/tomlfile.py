"""TOML files that people write: read whole, checked against a model, and refused with the line that is wrong."""

import difflib
import os
import re
import select
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from io import FileIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from undercurrent.errors import ConfigError, together
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext, system_reason
from undercurrent.i18n import translate as _

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

__all__ = [
    "MAX_FILE",
    "MAX_TOLD",
    "Document",
    "Fault",
    "Key",
    "line_of",
    "read",
    "reason_of",
    "suggestion",
    "written",
]

_PIECE: Final = 64 * 1024
_PATIENCE_S: Final = 5.0

MAX_FILE: Final = 1024 * 1024
"""Bytes of a file."""
MAX_TOLD: Final = 20
"""Things that are wrong with one file and are told in one go, at most."""

Key: TypeAlias = tuple[str | int, ...]
"""Where in a document something is: ``("rule", 0, "images")``."""

Model = TypeVar("Model", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a document that cannot be used: where, why, and what to do about it."""

    key: Key
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Attributes:
        path: as it was named.
        raw: its bytes.
        data: what they say.
    """

    path: Path
    raw: bytes = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)

    def checked(self, model: type[Model]) -> Model:
        """The document as ``model``.

        Raises:
            ConfigError: it is something else; ``also`` has what else is wrong.
        """
        from pydantic import ValidationError  # noqa: PLC0415 - not for settings, which every command reads

        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self._explained(error, model) from error

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Does nothing where there are no faults.

        Raises:
            ConfigError: there is one, in the order of lines; ``also`` has the others.
        """
        found = sorted(faults, key=lambda fault: self.line(fault.key))
        if found:
            told = [self.wrong(fault.key, fault.reason, fault.hint) for fault in found[:MAX_TOLD]]
            raise self._and_more(told, len(found))

    def wrong(self, key: Key, reason: str, hint: str = "") -> ConfigError:
        """The error that says that the value at ``key`` cannot be used."""
        return ConfigError(
            _("{where}: {name} cannot be used: {reason}").format(
                where=self.place(key), name=written(key), reason=reason
            ),
            hint=hint,
        )

    def place(self, key: Key) -> str:
        """The file, and the line of ``key`` in it as far as that can be told."""
        line = self.line(key)
        return _("{path}, line {line}").format(path=self.path, line=line) if line else str(self.path)

    def line(self, key: Key) -> int:
        """As `line_of`."""
        return _innermost(_lines_in(self.raw), key)

    def _explained(self, error: "ValidationError", model: "type[BaseModel]") -> ConfigError:
        problems: dict[tuple[Key, str], list[ErrorDetails]] = {}
        for details in error.errors(include_url=False, include_input=False):
            # What may be one of several kinds is wrong in as many ways: those are one thing.
            key = _inside(details["loc"], self.data)
            lacking = written(details["loc"]) if details["type"] == "missing" else ""
            problems.setdefault((key, lacking), []).append(details)
        places = sorted(problems, key=lambda place: self.line(place[0]))
        told = [self._told(key, problems[key, lacking], model) for key, lacking in places[:MAX_TOLD]]
        return self._and_more(told, len(places))

    def _told(self, key: Key, details: "Sequence[ErrorDetails]", model: "type[BaseModel]") -> ConfigError:
        if details[0]["type"] == "extra_forbidden":
            message = _("{where}: {name!r} cannot be set").format(where=self.place(key), name=written(key))
            return ConfigError(message, hint=suggestion(str(key[-1]), _fields(model, key[:-1])))
        if details[0]["type"] == "missing":
            name = written(details[0]["loc"])
            return ConfigError(_("{where}: {name} is missing").format(where=self.place(key), name=name))
        return self.wrong(key, _(", or ").join(dict.fromkeys(map(reason_of, details))))

    def _and_more(self, told: Sequence[ConfigError], count: int) -> ConfigError:
        """One error of those that are told; the last of them says how many more there are."""
        if count > len(told):
            more = count - len(told)
            text = ngettext("{path}: {count} more thing is wrong", "{path}: {count} more things are wrong", more)
            return together([*told, ConfigError(text.format(path=self.path, count=more))])
        return together(told)


def read(path: Path, *, exact: bool = False) -> Document:
    """The file at ``path``.

    Args:
        path: of a file, or of a pipe that somebody writes into.
        exact: numbers with a point are decimals, as they are written, instead of floats.

    Raises:
        ConfigError: it cannot be read, is too large, or is no TOML.
    """
    try:
        raw = _content(path)
        return Document(path, raw, _parsed(raw.decode(), _decimal if exact else float))
    except OSError as error:
        raise ConfigError(
            _("cannot read {path}: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("check that the file exists and that you may read it"),
        ) from error
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8, or a number of absurd length
        reason = _("it is nested too deeply") if isinstance(error, RecursionError) else error
        raise ConfigError(
            _("{path} is not valid TOML: {reason}").format(path=path, reason=reason),
            hint=_("see https://toml.io for the format"),
        ) from error


def _content(path: Path) -> bytes:
    # A pipe or a device may never end, or never begin: neither is waited for.
    raw = b""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        while len(raw) <= MAX_FILE and (piece := _piece(file, path)):
            raw += piece
    if len(raw) > MAX_FILE:
        raise ConfigError(_("{path} is larger than 1 MiB: that is no configuration").format(path=path))
    return raw


def _piece(file: FileIO, path: Path) -> bytes:
    """What there is next; of a pipe (``<(…)``), what is written into it soon. b"" at the end."""
    readable, _writable, _failed = select.select([file], [], [], _PATIENCE_S)
    if not readable:
        raise ConfigError(_("{path}: nothing is written into it").format(path=path))
    return file.read(_PIECE) or b""


_STRINGS: Final = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'[^']*'?")
_WINDING: Final = 40
"""Names in one key, at most: tomllib's time grows with their square, or faster."""


def _parsed(text: str, number: Callable[[str], Any]) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most runs read no file

    if any(map(_winds, text.split("\n"))):
        raise RecursionError  # as tomllib calls it where it is written with brackets
    return tomllib.loads(text, parse_float=number)


def _winds(line: str) -> bool:
    """Whether a key of the line has more names than anybody writes."""
    if line.count(".") <= _WINDING:
        return False
    parts = re.split(r"[=,\[\]{}]", _STRINGS.sub('"', line).partition("#")[0])
    return any(part.count(".") > _WINDING for part in parts)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of 19 digits, for which there is no ValueError
        raise ValueError(_("{text} is no number that can be used").format(text=text[:40])) from None


def written(key: Key) -> str:
    """``key`` for people, who count from 1: ``rule[1].images``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


# Nothing in these can match the same characters in two ways: lines are as long as strangers like.
_HEADER: Final = re.compile(r"\s*(\[{1,2})([A-Za-z0-9_. \t-]+)\]{1,2}\s*(?:#.*)?")
_ASSIGNED: Final = re.compile(r"\s*([A-Za-z0-9_. \t-]+)=")
_DEEPEST: Final = 20
"""Names with points between them that anybody writes; a line with more is passed over."""


def line_of(text: str, key: Key) -> int:
    """The line, from 1, of ``key`` or of the innermost thing around it that has a line of its own; 0 without one.

    Args:
        text: valid TOML. Keys in quotes and in inline tables have no line of their own.
        key: where to look.
    """
    return _innermost(dict(_lines(text)), key)


@lru_cache(maxsize=2)
def _lines_in(raw: bytes) -> Mapping[Key, int]:
    return dict(_lines(raw.decode()))


def _innermost(lines: Mapping[Key, int], key: Key) -> int:
    return next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 0)


def _lines(text: str) -> Iterator[tuple[Key, int]]:
    counts: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.split("\n"), 1):  # what else may end a line elsewhere does not in TOML
        header, assigned = _HEADER.fullmatch(line), _ASSIGNED.match(line)
        found = header[2] if header else assigned[1] if assigned else ""
        names = [name.strip() for name in found.split(".", _DEEPEST)]
        if not found or len(names) > _DEEPEST:
            continue
        if not header:
            yield (*table, *names), number
            continue
        table = ()
        for name in names[:-1]:
            table = (*table, name)
            table = (*table, counts[table]) if table in counts else table
        table = (*table, names[-1])
        if header[1] == "[[":
            counts[table] = counts.get(table, -1) + 1
            table = (*table, counts[table])
        yield table, number


def _inside(location: Sequence[str | int], data: Any) -> Key:
    """The part of a validator's location that is in the document; behind it stand names of kinds that were tried."""
    found: list[str | int] = []
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            break
        found.append(part)
    return tuple(found)


def _fields(model: "type[BaseModel]", key: Key) -> Iterable[str]:
    """Names that the table at ``key`` may have."""
    for part in key:
        if isinstance(part, str):
            named = {field.alias or name: field for name, field in model.model_fields.items()}
            model = _model_in(named[part].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> "type[BaseModel] | None":
    from pydantic import BaseModel  # noqa: PLC0415

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _model_in(inner))), None)


def suggestion(name: str, known: Iterable[str]) -> str:
    """A hint for whoever wrote ``name``, which is none of ``known``."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    return (
        _("did you mean {name!r}?").format(name=close[0])
        if close
        else _("known are: {names}").format(names=listed(names))
    )


# pydantic's kinds of errors: https://docs.pydantic.dev/latest/errors/validation_errors/
_REASONS: Final = MappingProxyType(
    {
        "bool_parsing": N_("it must be true or false"),
        "bool_type": N_("it must be true or false"),
        "date_type": N_("it must be a date without quotes: 2026-12-31"),
        "datetime_type": N_("it must be a time"),
        "decimal_max_places": N_("it must have at most {decimal_places} digits behind the point"),
        "decimal_parsing": N_("it must be a number"),
        "decimal_type": N_("it must be a number"),
        "dict_type": N_("it must be a table"),
        "enum": N_("it must be one of {expected}"),
        "finite_number": N_("it must be a number"),
        "float_parsing": N_("it must be a number"),
        "float_type": N_("it must be a number"),
        "greater_than": N_("it must be more than {gt}"),
        "greater_than_equal": N_("it must be at least {ge}"),
        "identifier": N_("it must be up to 64 lower-case letters, digits, hyphens and points"),
        "int_from_float": N_("it must be a whole number"),
        "int_parsing": N_("it must be a whole number"),
        "int_type": N_("it must be a whole number"),
        "less_than_equal": N_("it must be at most {le}"),
        "list_type": N_("it must be a list"),
        "literal_error": N_("it must be one of {expected}"),
        "model_type": N_("it must be a table"),
        "not_shown": N_("it must be one line of text that can be shown"),
        "path_type": N_("it must be a path"),
        "string_pattern_mismatch": N_("it must match {pattern}"),
        "string_too_long": N_("it must have at most {max_length} characters"),
        "string_too_short": N_("it must not be empty"),
        "string_type": N_("it must be text"),
        "too_long": N_("it must have at most {max_length} items"),
        "too_short": N_("it must not be empty"),
        "tuple_type": N_("it must be a list"),
    }
)


def reason_of(details: "ErrorDetails") -> str:
    """What is wrong with a value, in the user's language; in pydantic's words where that is rare."""
    facts = dict(details.get("ctx", {}))
    if "expected" in facts:
        facts["expected"] = listed(str(facts["expected"]).replace(" or ", ", ").split(", "))
    kind = details["type"]
    if kind == "is_instance_of":  # so it calls a wrong type where only one is right
        kind = f"{str(facts['class']).lower()}_type"
    reason = _REASONS.get(kind)
    return _(reason).format(**facts) if reason else details["msg"].removeprefix("Value error, ")
