"""Stages that are built on a fixed one: what they do as root goes on as root."""

from collections.abc import Sequence

from undercurrent.hardening.dockerfile import Instruction, Stage, lineage
from undercurrent.hardening.fixing.draft import Draft
from undercurrent.hardening.fixing.writing import after, instruction, written
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span

__all__ = ["bracket"]


def bracket(draft: Draft, stages: Sequence[Stage]) -> None:
    """``USER 0`` at the head of those in which root does something before another user is named."""
    image = draft.image
    for stage in stages:
        line = lineage(stage, stages)
        if len(line) > 1 and line[1].index == image.stage.index and _works(stage.instructions):
            place = after(image.dockerfile, stage.origin)
            text = written(image.dockerfile, place, [instruction(image.dockerfile, "USER", "0")]).text
            # An empty line that follows belongs to the instructions below: nothing is set apart from FROM.
            draft.edit([Edit(Span(place.offset, place.offset), text.lstrip("\r\n") if place.apart else text)])
            what = _("stage {stage}, built on it, begins as root again and stays what it was")
            draft.change("stage", what.format(stage=stage.name or stage.index), stage.origin.line)


def _works(instructions: Sequence[Instruction]) -> bool:
    for one in instructions:
        if one.keyword == "USER":
            return False
        if one.keyword == "RUN":
            return True
    return False
