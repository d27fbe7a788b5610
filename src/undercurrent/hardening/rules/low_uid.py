"""UC104: a user id that hosts use themselves."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.numbers import as_number
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built", "is_low"]

_HIGHEST: Final = 10_000
"""The highest user id that is called low; others do so, too."""

RULE: Final = Rule(
    code="UC104",
    name="low-uid",
    severity=Severity.NOTE,
    summary=N_("The user id is 10000 or lower, as those of the host's own users are."),
    explanation=N_(
        "Without user namespaces an id is the same user inside and outside. Who leaves the container as user 1000 is "
        "user 1000 of the host, with that user's files and processes."
    ),
    remedy=N_("Take an id above 10000: `USER 10001:10001`. Files that the image gives to the old id have to follow."),
    aliases=("KSV-0020", "KSV-0021", "CKV_K8S_40"),
    before="FROM node:22\nUSER 1000:1000\n",
    after="FROM node:22\nUSER 10001:10001\n",
)


def is_low(uid: int) -> bool:
    """Whether a user that is not root has an id as the host's own users have."""
    return 0 < uid <= _HIGHEST


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    runner = subject.image.runner
    if runner.uid is not None and is_low(runner.uid):
        message = _("user id {uid} may be one of the host's own users").format(uid=runner.uid)
        fix = Fix(_("take an id above 10000, and give it the files that it needs"), safe=False)
        yield RULE.found(subject.where(runner.origin), message, fix=fix, properties={"uid": runner.uid})


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    uid = as_number(image.user.partition(":")[0])
    if uid is not None and is_low(uid):
        text = _("{name}: user id {uid} may be one of the host's own users")
        yield RULE.found(Place(image.name), text.format(name=image.name, uid=uid), properties={"uid": uid})
