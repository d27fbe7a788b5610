"""UC101: the container's first process is root."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.model.nouns import Identity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

RULE: Final = Rule(
    code="UC101",
    name="runs-as-root",
    severity=Severity.ERROR,
    summary=N_("The container's first process runs as root."),
    explanation=N_(
        "Who breaks into the process is root in the container: all of its files can be changed, and every hole in the "
        "kernel or in the runtime leads to root on the host. The user is the last `USER` of the stage that is built, "
        "or of the stages and the base image under it; nobody named is root. A `USER` in a stage that is only copied "
        "from does not count.\n\n"
        "A program that changes to another user by itself (`gosu`, `su-exec`) begins as root all the same, and needs "
        "the capabilities for it: then this is a warning."
    ),
    remedy=N_(
        "`USER 10001:10001` after the last step that needs root; a number, so that Kubernetes can tell that it is not "
        "root. What the program writes to belongs to that user: `COPY --chown`, or a folder made for it. `uc harden "
        "fix` proposes all of that, `uc harden prove` runs the result."
    ),
    aliases=(
        "CIS 4.1",
        "DL3002",
        "DS-0002",
        "KSV-0012",
        "KSV-0105",
        "CKV_DOCKER_3",
        "CKV_DOCKER_8",
        "CIS-DI-0001",
    ),
    before='FROM debian:12\nCOPY app /app\nCMD ["/app"]\n',
    after='FROM debian:12\nCOPY app /app\nUSER 10001:10001\nCMD ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    runner = subject.image.runner
    if runner.identity is not Identity.ROOT:
        return
    reason = runner.reason or _("nobody else is named")
    message = _("runs as root: {reason}").format(reason=reason)
    more = {"severity": Severity.WARNING} if runner.drops else {}
    facts = {"user": runner.text, "decided_by": runner.origin.what, "drops_with": runner.drops}
    # The account that the file makes is the one that it means, and `uc harden fix` takes it.
    user = subject.made[-1].number if subject.made else "10001:10001"
    text = _("end with USER {user}, and give it what it writes to").format(user=user)
    fix = Fix(text, safe=not subject.image.needs)
    yield RULE.found(subject.where(runner.origin), message, fix=fix, properties=facts, **more)


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    if image.is_root:
        user = image.user or _("nobody is named, which is root")
        message = _("{name} runs as root: its configuration says {user}").format(name=image.name, user=user)
        yield RULE.found(Place(image.name), message, properties={"user": image.user, "digest": image.digest})
