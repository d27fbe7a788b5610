"""A changed Dockerfile is compared with what it was: it parses, and nothing but the edits is different."""

from collections.abc import Iterable

from undercurrent.errors import Unsupported
from undercurrent.hardening.dockerfile import Dockerfile, Instruction, parse
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, spliced

__all__ = ["check"]


def check(dockerfile: Dockerfile, edits: Iterable[Edit]) -> Dockerfile:
    """The file with the edits made.

    Raises:
        Unsupported: it would not build, or an instruction that was not meant would change: nothing is written then.
    """
    made = tuple(edits)
    changed = parse(spliced(dockerfile.source, made), dockerfile.name)
    if len(changed.faults) > len(dockerfile.faults):
        fault = changed.faults[-1]
        raise _refused(dockerfile, fault.line, fault.message)
    left = iter(map(_meaning, changed.instructions))
    for one in dockerfile.instructions:
        touched = any(edit.span.start < one.span.end and edit.span.end > one.span.start for edit in made)
        if not touched and _meaning(one) not in left:
            raise _refused(dockerfile, one.line, _("{keyword} would change").format(keyword=one.keyword))
    return changed


def _meaning(one: Instruction) -> tuple[object, ...]:
    documents = tuple((document.name, document.content) for document in one.heredocs)
    return one.keyword, tuple((flag.name, flag.value) for flag in one.flags), one.text, documents


def _refused(dockerfile: Dockerfile, line: int, why: str) -> Unsupported:
    text = _("{path}, line {line}: the fix is not made: {why}")
    return Unsupported(
        text.format(path=dockerfile.name, line=line, why=why),
        hint=_("this is a mistake of undercurrent: please report it with the file"),
    )
