"""File capabilities: a program that has one cannot be started by whom everything was taken from."""

import re
from typing import Final

from undercurrent.hardening.dockerfile import Instruction
from undercurrent.hardening.fixing.draft import Draft
from undercurrent.hardening.shell import script
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span

__all__ = ["drop_setcap"]

_BIND: Final = re.compile(r"(?i)^[\"']?=?\+?cap_net_bind_service[=+][eip+]*[\"']?$")


def drop_setcap(draft: Draft) -> None:
    """Takes ``setcap cap_net_bind_service=…`` out of RUN: ports are above 1023 now."""
    image = draft.image
    for stage in image.lineage:
        for one in stage.instructions:
            if one.keyword == "RUN" and not one.json and not one.heredocs and "setcap" in one.text:
                _drop(draft, one)


def _drop(draft: Draft, one: Instruction) -> None:
    found = script(one.text)
    if not found.understood:
        return
    for command in found.commands:
        words = command.words
        if len(words) < 3 or words[0] != "setcap" or not _BIND.match(words[1] or ""):  # noqa: PLR2004 - it, what, of what
            continue
        span = _linked(one.text, command.span)
        if span is None:
            begins, end = one.span.start, one.span.end
        else:
            begins, end = (one.logical.source(one.arguments.start + at) for at in (span.start, span.end))
        draft.edit([Edit(Span(begins, end), "")])
        draft.change(
            "capability", _("{file} gets no capability: nobody could start it").format(file=words[2]), one.line
        )


def _linked(text: str, span: Span) -> Span | None:
    """The command with one ``&&`` that links it; None where it is all there is."""
    before = re.search(r"[ \t]*&&\s*$", text[: span.start])
    if before:
        return Span(before.start(), span.end)
    after = re.match(r"\s*&&[ \t]*", text[span.end :])
    if after:
        return Span(span.start, span.end + after.end())
    return None
