"""Heredocs put into words that older builders know: buildah before 1.35 and Docker's own builder.

``RUN <<EOF`` becomes the JSON form of the same shell command; ``COPY <<EOF /file`` copies a file that is put into the
build context. https://docs.docker.com/reference/dockerfile/#here-documents
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from undercurrent.hardening.dockerfile import (
    Dockerfile,
    Instruction,
    Stage,
    copied,
    lineage,
    parse,
    scopes,
    stages,
)
from undercurrent.splices import Edit, as_bytes, spliced

__all__ = ["FOLDER", "Lowered", "lowered"]

FOLDER: Final = ".undercurrent-heredocs"
"""In the build context: where the files are."""
_SHELL: Final = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Lowered:
    """A Dockerfile without heredocs, and the files of the build context that it copies instead, by path."""

    text: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)


def lowered(source: bytes, arguments: Mapping[str, str] | None = None) -> Lowered:
    """The Dockerfile without heredocs; it itself if it has none, or builds nothing anyhow.

    Args:
        source: the file.
        arguments: build arguments that are given.

    Raises:
        BadContent: BuildKit refuses it.
    """
    dockerfile = parse(source)
    if dockerfile.faults or not any(one.heredocs for one in dockerfile.instructions):
        return Lowered(source)
    found = stages(dockerfile, arguments or {})
    edits: list[Edit] = []
    files: dict[str, bytes] = {}
    ends: dict[int, Mapping[str, str]] = {}
    for stage in found:
        above = [one for one in lineage(stage, found)[1:] if one.index in ends]
        variables: Mapping[str, str] = ends[above[0].index] if above else {}
        for scope in scopes(stage, variables):
            if scope.instruction.heredocs and scope.instruction.keyword in ("RUN", "COPY", "ADD"):
                lower = _run if scope.instruction.keyword == "RUN" else _copy
                text = lower(
                    scope.instruction, dockerfile, _shell(stage, found, scope.instruction), scope.variables, files
                )
                edits.append(Edit(scope.instruction.span, text + "\n"))
            ends[stage.index] = dict(scope.variables)
    return Lowered(as_bytes(spliced(dockerfile.source, edits)), files)


def _shell(stage: Stage, found: Sequence[Stage], before: Instruction) -> tuple[str, ...]:
    """The SHELL that holds for an instruction."""
    for one in lineage(stage, found):
        said = [
            tuple(word.text for word in other.words)
            for other in one.instructions
            if other.keyword == "SHELL" and other.json and (one is not stage or other.line < before.line)
        ]
        if said:
            return said[-1]
    return _SHELL


def _flags(instruction: Instruction, dockerfile: Dockerfile) -> str:
    return "".join(f"{flag.span.of(dockerfile.source)} " for flag in instruction.flags)


def _run(
    instruction: Instruction,
    dockerfile: Dockerfile,
    shell: tuple[str, ...],
    _variables: Mapping[str, str],
    _files: dict[str, bytes],
) -> str:
    text = instruction.text
    document = instruction.heredocs[0]
    alone = len(instruction.heredocs) == 1 and document.opener.of(dockerfile.source).strip() == text.strip()
    if not alone:
        # The shell itself reads them: it gets the command with its documents, as they stand.
        bodies = "".join(f"{one.body.of(dockerfile.source)}{one.name}\n" for one in instruction.heredocs)
        script = f"{text}\n{bodies}"
    elif document.content.startswith("#!"):
        script = _as_program(document.content)
    else:
        script = document.content
    return f"RUN {_flags(instruction, dockerfile)}{json.dumps([*shell, script], ensure_ascii=False)}"


def _as_program(content: str) -> str:
    """A script that has its own interpreter: it is written down, started, and removed."""
    end = "UNDERCURRENT_END"
    while end in content:
        end += "_"
    newline = "" if content.endswith("\n") else "\n"
    return (
        f'f=$(mktemp) && cat > "$f" <<\'{end}\' && chmod 700 "$f" && "$f"; s=$?; rm -f "$f"; exit $s\n'
        f"{content}{newline}{end}\n"
    )


def _copy(
    instruction: Instruction,
    dockerfile: Dockerfile,
    _shell_words: tuple[str, ...],
    variables: Mapping[str, str],
    files: dict[str, bytes],
) -> str:
    words = [word.text for word in instruction.words]
    names = {one.opener.of(dockerfile.source).strip(): one for one in instruction.heredocs}
    place = f"{FOLDER}/{instruction.line}"
    for number, word in enumerate(words):
        document = names.get(word)
        if document is None:
            continue
        words[number] = f"{place}/{number}/{document.name}"
        files[words[number]] = as_bytes(copied(document, variables))
    return f"{instruction.keyword} {_flags(instruction, dockerfile)}{' '.join(words)}"
