"""UC103: the user is a name, so Kubernetes cannot tell that it is not root."""

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
    code="UC103",
    name="user-not-numeric",
    severity=Severity.WARNING,
    summary=N_("The user is a name, not a number."),
    explanation=N_(
        "With `runAsNonRoot: true` the kubelet has to know before it starts the container that the user is not root. "
        "Of a name it cannot, and refuses: *container has runAsNonRoot and image has non-numeric user*. A name also "
        "means whatever the passwd file of the image says, which another base may change."
    ),
    remedy=N_(
        "Write the number: `USER 10001:10001`. It need not be in the passwd file, unless the program looks its user "
        "up. `USER name` takes the user's other groups along, `USER 10001:10001` does not."
    ),
    aliases=("DL3066",),
    before="FROM node:22\nUSER node\n",
    after="FROM node:22\nUSER 1000:1000\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    runner = subject.image.runner
    user, _colon, group = runner.text.partition(":")
    if runner.identity is not Identity.ROOTLESS or user.isdecimal() or not user:
        return
    number = "" if runner.uid is None else f"{runner.uid}:{runner.gid if runner.gid is not None else runner.uid}"
    message = _("the user is called {user}: Kubernetes cannot tell that it is not root").format(user=runner.text)
    fix = Fix(_("write its number: USER {number}").format(number=number), safe=not group) if number else None
    yield RULE.found(subject.where(runner.origin), message, fix=fix, properties={"user": user, "uid": runner.uid})


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    user = image.user.partition(":")[0]
    if user and not user.isdecimal() and not image.is_root:
        text = _("{name}: the user is called {user}: Kubernetes cannot tell that it is not root")
        yield RULE.found(Place(image.name), text.format(name=image.name, user=user), properties={"user": user})
