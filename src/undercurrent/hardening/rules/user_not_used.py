"""UC105: a user is made and nobody becomes it, or the user that is named does not exist."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.model.nouns import Identity
from undercurrent.hardening.rules.packages import installed
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC105",
    name="user-not-used",
    severity=Severity.WARNING,
    summary=N_("A user is made for the container and never used, or one is used that is never made."),
    explanation=N_(
        "`useradd` alone changes nothing: without `USER`, or with the `USER` in a stage that is only copied from, the "
        "container runs as root while the file looks as if it did not. The other way round, a name that is in no "
        "passwd file stops the container before it starts: *unable to find user*."
    ),
    remedy=N_("End the last stage with `USER` and the number of the user that was made for it."),
    aliases=("tally no-unused-user",),
    confidence=0.9,
    before="FROM debian:12\nRUN useradd --uid 10001 app\n",
    after="FROM debian:12\nRUN useradd --uid 10001 app\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    runner = subject.image.runner
    if runner.identity is Identity.ROOT and not runner.drops:
        for account in subject.made:
            message = _("user {name} is made and not used: root runs").format(name=account.name)
            fix = Fix(_("end with USER {user}").format(user=account.number), safe=False)
            yield RULE.found(subject.where(account.origin), message, fix=fix, properties={"user": account.name})
    user = runner.text.partition(":")[0]
    if user and not user.isdecimal() and user != "root" and _lacks(subject, user):
        message = _("user {name} is in no passwd file of the image: the container will not start").format(name=user)
        yield RULE.found(
            subject.where(runner.origin), message, severity=Severity.ERROR, confidence=0.8, properties={"user": user}
        )


def _lacks(subject: Subject, user: str) -> bool:
    """Whether the user is in no passwd file; packages make users, and what is not understood may."""
    image = subject.image
    known = image.base_name == "scratch" or (image.base is not None and image.base.accounts)
    if not known or image.doubts or any(subject.unparsed) or user in {one.name for one in image.accounts}:
        return False
    copied = any(one.keyword in {"COPY", "ADD"} and "passwd" in one.text for one in subject.instructions)
    return not copied and not any(installed(call) for call in subject.calls)
