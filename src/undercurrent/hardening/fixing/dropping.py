"""Programs that change to another user at start (gosu, su-exec): not needed, and not allowed, without root.

A script of the build context gets a way around them for whoever is not root, and keeps its way for root: the same
image goes on with volumes that belong to others. In ENTRYPOINT and CMD they are left out.
"""

import re
from collections.abc import Iterator
from typing import Final

from undercurrent.hardening.dockerfile.nodes import Instruction
from undercurrent.hardening.shell import Command, script
from undercurrent.splices import Edit, Span

__all__ = ["DROPPERS", "dropped_to", "guarded", "named_in", "without"]

DROPPERS: Final = frozenset({"gosu", "su-exec"})
"""``PROGRAM USER COMMAND…``."""
_ROOT_ONLY: Final = frozenset({"chown", "chgrp", "usermod", "groupmod", "useradd", "groupadd", "adduser", "addgroup"})
_DROP: Final = re.compile(r"(?P<exec>exec\s+)?\S+\s+(?:\"[^\"]*\"|'[^']*'|[^\s\"']+)\s+(?=\S)")
_GUARD: Final = re.compile(r"\bid\s+-u\b|\bEUID\b|\bwhoami\b")


def guarded(text: str) -> tuple[Edit, ...] | None:
    """Edits of a script after which it also works for whoever is not root; none where it does already.

    Returns:
        None where the script cannot be understood: nothing is changed by guess.
    """
    found = script(text)
    if not found.understood:
        return None
    if _GUARD.search(text):
        return ()  # it asks who runs it
    drops = [one for one in found.commands if _dropping(one)]
    edits = []
    for command in found.commands:
        if command in drops:
            around = _around(text, command)
            if around is None:
                return None
            edits.append(around)
        elif command.words and command.words[0] in _ROOT_ONLY:
            begins = command.span.start
            edits.append(Edit(Span(begins, begins), '[ "$(id -u)" != 0 ] || '))
    return tuple(edits)


def _dropping(command: Command) -> bool:
    words = command.words[1:] if command.words[:1] == ("exec",) else command.words
    return bool(words) and words[0] in DROPPERS


def _around(text: str, command: Command) -> Edit | None:
    """Whoever is not root goes on without the program; None where the command cannot be taken apart."""
    span, whole = command.span, command.span.of(text)
    match = _DROP.match(whole)
    if match is None:
        return None
    rest = whole[match.end() :]
    line = text.rfind("\n", 0, span.start) + 1
    indent = text[line : span.start]
    if match["exec"] and not indent.strip():
        return Edit(Span(span.start, span.start), f'[ "$(id -u)" = 0 ] || exec {rest}\n{indent}')
    start = match["exec"] or ""
    return Edit(span, f'if [ "$(id -u)" = 0 ]; then {whole}; else {start}{rest}; fi')


def without(one: Instruction) -> Edit | None:
    """ENTRYPOINT or CMD without the program and its user; None if there is none in front."""
    if not one.json or not one.words or one.words[0].text.rpartition("/")[2] not in DROPPERS or len(one.words) < 2:  # noqa: PLR2004 - it and its user
        return None
    end = one.words[2].span.start if len(one.words) > 2 else one.words[1].span.end  # noqa: PLR2004 - what follows
    return Edit(Span(one.words[0].span.start, end), "")


def named_in(one: Instruction) -> str:
    """The user that such a program in front of ENTRYPOINT or CMD changes to; empty if there is none."""
    words = [word.text for word in one.words]
    if one.json and len(words) > 1 and words[0].rpartition("/")[2] in DROPPERS:
        return words[1].partition(":")[0]
    return ""


def dropped_to(text: str) -> Iterator[str]:
    """Users that such programs in a script change to."""
    for command in script(text).commands:
        if _dropping(command):
            words = command.words[1:] if command.words[:1] == ("exec",) else command.words
            if len(words) > 1 and words[1]:
                yield words[1].partition(":")[0]
