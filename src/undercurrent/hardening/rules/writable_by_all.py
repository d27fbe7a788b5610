"""UC116: files that every user may change."""

import re
from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_OCTAL: Final = re.compile(r"0*[0-7]?[0-7]{2}[2367]")
_SYMBOLIC: Final = re.compile(r"(?:[ug]*[oa][ugoa]*|)[+=][rxXst]*w[rwxXst]*(?:,.*)?")
_STICKY: Final = re.compile(r"0*[1357][0-7]{3}|.*t.*")

RULE: Final = Rule(
    code="UC116",
    name="writable-by-all",
    severity=Severity.WARNING,
    summary=N_("Files are made writable for every user (mode 777)."),
    explanation=N_(
        "`chmod 777` is what people write when the container runs as an unexpected user. It lets every process change "
        "the program that the next start runs."
    ),
    remedy=N_(
        "Give the folder to the user that runs: `--chown=10001:10001` and mode 755. For OpenShift, which takes any "
        "user in group 0: `chgrp 0` and `chmod g=u`, for the folders that are written to only."
    ),
    before="FROM debian:12\nRUN mkdir /data && chmod 777 /data\nUSER 10001\n",
    after="FROM debian:12\nRUN install -d -o 10001 -g 10001 /data\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    fix = Fix(_("give it to the user that runs, with mode 755"), safe=False)
    for call in subject.calls:
        if call.program != "chmod":
            continue
        mode = next((word for word in call.arguments if not word.startswith("-")), "")
        if _opens(mode):
            message = _("chmod {mode} lets every user write there").format(mode=mode)
            yield RULE.found(subject.at(call.line), message, fix=fix, properties={"mode": mode})
    for instruction in subject.instructions:
        mode = instruction.flag("chmod") or ""
        if _opens(mode):
            message = _("--chmod={mode} lets every user write there").format(mode=mode)
            yield RULE.found(subject.at(instruction), message, fix=fix, properties={"mode": mode})


def _opens(mode: str) -> bool:
    """With the sticky bit (1777, as /tmp has) others cannot take files away: that is meant."""
    if _OCTAL.fullmatch(mode):
        return not _STICKY.fullmatch(mode)
    return bool(_SYMBOLIC.fullmatch(mode)) and "t" not in mode and not mode.startswith(("u+", "g+", "u=", "g="))
