"""UC106: sudo in the image."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.packages import installed
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC106",
    name="sudo-inside",
    severity=Severity.WARNING,
    summary=N_("sudo is installed or used: a way back to root."),
    explanation=N_(
        "sudo is a SUID program. With it, whoever gets into the process as a user becomes root; without privileges "
        "(`no-new-privileges`) it does not work at all. In a build it is not needed: `RUN` is root unless `USER` says "
        "otherwise."
    ),
    remedy=N_("Take it out; put the steps that need root before `USER`."),
    aliases=("DL3004", "DS-0010", "CKV2_DOCKER_1"),
    before="FROM debian:12\nRUN sudo mkdir /data\nUSER 10001\n",
    after="FROM debian:12\nRUN mkdir /data\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for call in subject.calls:
        if call.program == "sudo":
            message, safe = _("sudo runs a step of the build"), True
        elif "sudo" in installed(call):
            message, safe = _("sudo is installed"), False
        else:
            continue
        fix = Fix(_("do it before USER, without sudo") if safe else _("leave sudo out"), safe=safe)
        yield RULE.found(subject.at(call.line), message, fix=fix)
