"""TOML files that people write: read whole, checked against a model, and refused with the line that is wrong."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from undercurrent.errors import ConfigError
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, system_reason
from undercurrent.i18n import translate as _

__all__ = ["MAX_FILE", "Document", "Key", "line_of", "read", "reason_of", "suggestion", "written"]

MAX_FILE: Final = 1024 * 1024
"""Bytes of a file."""

Key: TypeAlias = tuple[str | int, ...]
"""Where in a document something is: ``("rule", 0, "images")``."""

Model = TypeVar("Model", bound=BaseModel)


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
            ConfigError: it is something else; the first thing that is wrong is told.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self._explained(error, model) from error

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
        line = line_of(self.raw.decode(), key)
        return _("{path}, line {line}").format(path=self.path, line=line) if line else str(self.path)

    def _explained(self, error: ValidationError, model: type[BaseModel]) -> ConfigError:
        details = error.errors(include_url=False, include_input=False)
        first = _inside(details[0]["loc"], self.data)
        if details[0]["type"] == "extra_forbidden":
            name = str(first[-1])
            message = _("{where}: {name!r} cannot be set").format(where=self.place(first), name=written(first))
            return ConfigError(message, hint=suggestion(name, _fields(model, first[:-1])))
        if details[0]["type"] == "missing":
            message = _("{where}: {name} is missing").format(where=self.place(first), name=written(details[0]["loc"]))
            return ConfigError(message)
        # What may be one of several kinds is wrong in as many ways.
        reasons = dict.fromkeys(reason_of(one) for one in details if _inside(one["loc"], self.data) == first)
        return self.wrong(first, _(", or ").join(reasons))


def read(path: Path) -> Document:
    """The file at ``path``.

    Raises:
        ConfigError: it cannot be read, is too large, or is no TOML.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(_("{path} is larger than 1 MiB: that is no configuration").format(path=path))
        raw = path.read_bytes()
        return Document(path, raw, tomllib.loads(raw.decode()))
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


def written(key: Key) -> str:
    """``key`` for people, who count from 1: ``rule[1].images``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


_HEADER: Final = re.compile(r"\s*(\[{1,2})\s*([A-Za-z0-9_.\s-]+?)\s*\]{1,2}\s*(?:#.*)?")
_ASSIGNED: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def line_of(text: str, key: Key) -> int:
    """The line, from 1, of ``key`` or of the innermost thing around it that has a line of its own; 0 without one.

    Args:
        text: valid TOML. Keys in quotes and in inline tables have no line of their own.
        key: where to look.
    """
    lines = dict(_lines(text))
    return next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 0)


def _lines(text: str) -> Iterator[tuple[Key, int]]:
    counts: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = ()
            names = [name.strip() for name in header[2].split(".")]
            for name in names[:-1]:
                table = (*table, name)
                table = (*table, counts[table]) if table in counts else table
            table = (*table, names[-1])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif assigned := _ASSIGNED.match(line):
            yield (*table, assigned[1]), number


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


def _fields(model: type[BaseModel], key: Key) -> Iterable[str]:
    """Names that the table at ``key`` may have."""
    for part in key:
        if isinstance(part, str):
            named = {field.alias or name: field for name, field in model.model_fields.items()}
            model = _model_in(named[part].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
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
        "bool_type": N_("it must be true or false"),
        "datetime_type": N_("it must be a time"),
        "dict_type": N_("it must be a table"),
        "float_parsing": N_("it must be a number"),
        "float_type": N_("it must be a number"),
        "greater_than": N_("it must be more than {gt}"),
        "greater_than_equal": N_("it must be at least {ge}"),
        "int_from_float": N_("it must be a whole number"),
        "int_parsing": N_("it must be a whole number"),
        "int_type": N_("it must be a whole number"),
        "less_than_equal": N_("it must be at most {le}"),
        "list_type": N_("it must be a list"),
        "literal_error": N_("it must be one of {expected}"),
        "model_type": N_("it must be a table"),
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


def reason_of(details: ErrorDetails) -> str:
    """What is wrong with a value, in the user's language; in pydantic's words where that is rare."""
    facts = dict(details.get("ctx", {}))
    if "expected" in facts:
        facts["expected"] = listed(str(facts["expected"]).replace(" or ", ", ").split(", "))
    reason = _REASONS.get(details["type"])
    return _(reason).format(**facts) if reason else details["msg"].removeprefix("Value error, ")
