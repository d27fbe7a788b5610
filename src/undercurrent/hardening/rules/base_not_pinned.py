"""UC121: a base image that may be another one tomorrow."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC121",
    name="base-not-pinned",
    severity=Severity.WARNING,
    summary=N_("The base image has no tag, or the tag latest."),
    explanation=N_(
        "The next build may have another base, with another user, other paths and other ports; what was proved of this "
        "one then says nothing about that one."
    ),
    remedy=N_(
        "Name a tag, and its digest where builds are to be the same tomorrow: `FROM debian:12@sha256:…`. `uc image "
        "list --json` has the digests."
    ),
    aliases=("CIS 4.2", "DL3006", "DL3007"),
    before="FROM debian\nUSER 10001\n",
    after="FROM debian:12\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it, in any stage."""
    names: set[str] = set()
    for instruction in subject.file.instructions:
        if instruction.keyword != "FROM" or not instruction.words:
            continue
        base = instruction.words[0].text.strip("\"'")
        if base.lower() not in names and base != "scratch" and "$" not in base and _floats(base):
            message = _("{base} may be another image tomorrow").format(base=base)
            fix = Fix(_("name a tag, or a digest"), safe=False)
            yield RULE.found(subject.at(instruction), message, fix=fix, properties={"base": base})
        if len(instruction.words) > 2:  # noqa: PLR2004 - FROM base AS name
            names.add(instruction.words[2].text.lower())


def _floats(base: str) -> bool:
    tag = base.rpartition("/")[2].partition(":")[2]
    return "@" not in base and tag in {"", "latest"}
