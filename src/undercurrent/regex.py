"""Regular expressions in time that grows only with the text: Rust's engine, which pydantic brings along.

Python's own can be made to take hours by a pattern that looks harmless and a text that somebody else chose. The
syntax is that of RE2, which Go and so cosign use: no look-around, no back-references
(https://docs.rs/regex/latest/regex/#syntax).
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

__all__ = ["MAX_PATTERN", "Regex"]

MAX_PATTERN: Final = 1024
"""Characters of a pattern. What it may compile to is bounded by the engine."""


@dataclass(frozen=True)  # no slots: the compiled form is kept beside the text
class Regex:
    """A compiled expression.

    Attributes:
        pattern: as it was written.
        whole: whether a text has to match from its first character to its last; else anywhere.

    Raises:
        ValueError: it is no expression, or too long.
    """

    pattern: str
    whole: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        if len(self.pattern) > MAX_PATTERN:
            raise ValueError(f"longer than {MAX_PATTERN} characters")
        # By itself first: `a)|(b` is no expression, and would become one between the parentheses of the whole.
        _compiled(self.pattern)
        _ = self._validator

    @cached_property
    def _validator(self) -> SchemaValidator:
        return _compiled(rf"\A(?:{self.pattern})\z" if self.whole else self.pattern)

    def matches(self, text: str) -> bool:
        """Whether ``text`` is one of those that are meant."""
        return self._validator.isinstance_python(text)


def _compiled(pattern: str) -> SchemaValidator:
    schema: Any = core_schema.str_schema(pattern=pattern, regex_engine="rust-regex", strict=True)
    try:
        return SchemaValidator(schema)
    except SchemaError as error:
        # The last line says what is wrong; those before it draw where.
        raise ValueError(str(error).strip().splitlines()[-1].removeprefix("error: ")) from error
