"""``WWW-Authenticate``: how a registry says what it wants to see.

Specification: RFC 9110, sections 11.2 to 11.6.1; https://distribution.github.io/distribution/spec/auth/token/
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Challenge", "parse_challenges"]

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# Either `name=value`, or a word that is no parameter: the scheme of the next challenge (or its token68). What is
# between them is passed over by the search: a pattern for it would try every blank against every other one.
_PART: Final = re.compile(
    rf"(?:(?P<name>{_WORD})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>{_WORD}))(?=\s*(?:,|$))"
    rf"|(?P<word>[^\s,\"]+))"
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate.

    Attributes:
        scheme: in lower case: ``bearer``, ``basic``, ….
        parameters: with names in lower case: ``realm``, ``service``, ``scope``, ….
    """

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """All challenges in the values of the header's lines, in their order; what cannot be read is left out."""
    found: list[tuple[str, dict[str, str]]] = []
    for value in values:
        value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # noqa: PLW2901 - what is no text
        for part in _PART.finditer(value):
            if part["word"] is not None:
                found.append((part["word"].lower(), {}))
            elif found:
                text = part["bare"] if part["quoted"] is None else re.sub(r"\\(.)", r"\1", part["quoted"])
                found[-1][1].setdefault(part["name"].lower(), text)
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)
