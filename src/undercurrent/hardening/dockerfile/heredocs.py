"""Documents within a Dockerfile: ``RUN <<EOF`` and the lines up to ``EOF``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from undercurrent.hardening.dockerfile.nodes import Heredoc
from undercurrent.hardening.dockerfile.substitution import BadSubstitution, expansion

__all__ = ["INSTRUCTIONS", "Opener", "copied", "opener", "openers"]

INSTRUCTIONS: Final = frozenset({"ADD", "COPY", "RUN"})
"""Those that may have documents, also as the trigger of ONBUILD."""

_OPENER: Final = re.compile(r"[0-9]*<<(-?)[\t\n\f\r ]*([^<]*)")


@dataclass(frozen=True, slots=True)
class Opener:
    """``<<-"EOF"``: which word ends the document, whether variables count, whether leading tabs go."""

    name: str
    expand: bool
    chomp: bool


def opener(word: str) -> Opener | None:
    """What a word opens, if it is of that kind: BuildKit's `ParseHeredoc`.

    Raises:
        BadSubstitution: its name has quotes or variables that do not end.
    """
    found = _OPENER.fullmatch(word)
    if not found or not found[2]:
        return None
    plain = expansion(found[2], {}, skip_unset=True).words
    if len(plain) != 1:
        return None
    quoted = expansion(found[2], {}, raw_quotes=True, skip_unset=True).words
    if len(quoted) != 1:
        return None
    same = all(plain[0].count(quote) == quoted[0].count(quote) for quote in "'\"")
    return Opener(plain[0], same, found[1] == "-")


def openers(line: str) -> tuple[tuple[Opener, str], ...]:
    """What a whole instruction opens, each with the word it is written as.

    A line that cannot be split into words opens nothing, as for BuildKit. Always by a backslash: the escape
    character of the file does not count here.

    Raises:
        BadSubstitution: as in `opener`.
    """
    try:
        words = expansion(line, {}, raw_quotes=True, raw_escapes=True, skip_unset=True).words
    except BadSubstitution:
        return ()
    return tuple((found, word) for word in words if "<<" in word and (found := opener(word)))


def copied(document: Heredoc, variables: Mapping[str, str]) -> str:
    """What COPY or ADD writes into the file that a document becomes: quotes stay, escapes go.

    Always by a backslash: the escape character of the file does not count here, either (`dispatch` in BuildKit's
    `dockerfile2llb/convert.go`).

    Raises:
        BadSubstitution: variables cannot be put in.
    """
    return expansion(document.content, variables, plain_quotes=True).text if document.expand else document.content
