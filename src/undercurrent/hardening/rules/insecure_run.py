"""UC112: a step of the build with all privileges."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC112",
    name="insecure-run",
    severity=Severity.ERROR,
    summary=N_("A step of the build runs with all privileges (RUN --security=insecure)."),
    explanation=N_(
        "Such a step runs as `docker run --privileged` does: without seccomp, with every capability, and with the "
        "devices of the machine that builds. Whoever changes the file, or what the step downloads, owns that machine."
    ),
    remedy=N_(
        "Take the flag out. What needs it mostly mounts or runs containers: do that outside of the build, or without "
        "privileges (`buildah`, `podman --cgroups=disabled`)."
    ),
    before="# syntax=docker/dockerfile:1-labs\nFROM debian:12\nRUN --security=insecure make test\nUSER 10001\n",
    after="FROM debian:12\nRUN make test\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it, in any stage: the machine that builds runs them all."""
    for instruction in subject.file.instructions:
        if instruction.keyword == "RUN" and instruction.flag("security") == "insecure":
            fix = Fix(_("take --security=insecure out"), safe=False)
            yield RULE.found(
                subject.at(instruction), _("this step has all privileges on the machine that builds"), fix=fix
            )
