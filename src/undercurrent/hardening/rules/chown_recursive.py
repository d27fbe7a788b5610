"""UC115: chown -R writes every file into the image a second time."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Call, Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_MOST: Final = 1000
"""Paths that are remembered."""

RULE: Final = Rule(
    code="UC115",
    name="chown-recursive",
    severity=Severity.NOTE,
    summary=N_("chown -R over files of an earlier step stores all of them twice."),
    explanation=N_(
        "A layer holds whole files. To change the owner of what an earlier step copied writes each of them once more: "
        "a folder of 400 MB makes the image 400 MB larger. And a process that owns its code can change it."
    ),
    remedy=N_(
        "`COPY --chown=10001:10001` for what has to belong to the user; better, leave the code to root and chown only "
        "the folders that are written to."
    ),
    confidence=0.9,
    before="FROM python:3.13\nCOPY . /app\nRUN chown -R 10001:10001 /app\nUSER 10001\n",
    after="FROM python:3.13\nCOPY --chown=10001:10001 . /app\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    if not any(map(_is_one, subject.calls)):
        return
    copied: set[str] = set()
    folder = "/"
    for instruction in subject.instructions:
        if instruction.keyword == "WORKDIR":
            folder = str(PurePosixPath(folder, instruction.text.strip("\"'")))
        elif instruction.keyword in {"COPY", "ADD"} and instruction.words and len(copied) < _MOST:
            copied.add(str(PurePosixPath(folder, instruction.words[-1].text)))
        for call in subject.calls_of(instruction):
            if _is_one(call):
                paths = [word for word in call.arguments if not word.startswith("-")][1:]
                for path in paths:
                    if any(_within(one, str(PurePosixPath(folder, path))) for one in copied):
                        message = _("chown -R {path} stores what was copied there a second time").format(path=path)
                        fix = Fix(_("COPY --chown instead, or only for what is written to"), safe=True)
                        yield RULE.found(subject.at(call.line), message, fix=fix, properties={"path": path})


def _is_one(call: Call) -> bool:
    return call.program in {"chown", "chgrp"} and call.has("-R", "--recursive")


def _within(copied: str, path: str) -> bool:
    return path != "/" and (f"{copied}/".startswith(f"{path}/") or f"{path}/".startswith(f"{copied}/"))
