"""UC114: changes below a VOLUME that was declared before are lost."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_MOST: Final = 1000
"""Paths that are remembered."""
_CHANGES: Final = frozenset({"chown", "chmod", "chgrp", "install", "mkdir"})

RULE: Final = Rule(
    code="UC114",
    name="chown-after-volume",
    severity=Severity.WARNING,
    summary=N_("Owner or mode of a path is set after VOLUME, and may be lost."),
    explanation=N_(
        "What a build changes below a path after `VOLUME` named it is thrown away by buildah and by Docker's older "
        "builder; only BuildKit keeps it. The volume then belongs to root, and the user cannot write to it."
    ),
    remedy=N_("Put the `RUN` that makes and chowns the folder above `VOLUME`."),
    before="FROM debian:12\nVOLUME /data\nRUN chown 10001:10001 /data\nUSER 10001\n",
    after="FROM debian:12\nRUN mkdir /data && chown 10001:10001 /data\nVOLUME /data\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    declared: dict[str, int] = {}
    for instruction in subject.instructions:
        if instruction.keyword == "VOLUME":
            texts = [word.text for word in instruction.words]
            if len(declared) < _MOST:
                declared |= {text.strip("\"'"): instruction.line for text in texts[:_MOST]}
        for call in subject.calls_of(instruction):
            if call.program not in _CHANGES:
                continue
            for path in call.arguments:
                if volume := next((one for one in declared if _below(path, one)), ""):
                    message = _("{path} is in a volume since line {line}: what is changed here may be lost").format(
                        path=path, line=declared[volume]
                    )
                    fix = Fix(_("move this RUN above VOLUME"), safe=True)
                    yield RULE.found(subject.at(call.line), message, fix=fix, properties={"volume": volume})


def _below(path: str, volume: str) -> bool:
    return path.startswith("/") and volume.startswith("/") and PurePosixPath(path).is_relative_to(volume)
