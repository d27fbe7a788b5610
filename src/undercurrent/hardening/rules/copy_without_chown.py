"""UC113: what is copied after USER belongs to root all the same."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_ROOT: Final = frozenset({"", "0", "root"})

RULE: Final = Rule(
    code="UC113",
    name="copy-without-chown",
    severity=Severity.NOTE,
    summary=N_("COPY or ADD after USER, without --chown: the files belong to root."),
    explanation=N_(
        "`COPY` and `ADD` do not care about `USER`. That is good for code, which the process should not be able to "
        "change, and bad for folders that it writes to. Written after `USER`, it looks as if the user owned them."
    ),
    remedy=N_(
        "If the program writes there: `COPY --chown=10001:10001`. If not: move the `COPY` above `USER`, which says "
        "what happens."
    ),
    aliases=("tally copy-without-chown",),
    confidence=0.6,
    before="FROM python:3.13\nUSER 10001:10001\nCOPY . /app\n",
    after="FROM python:3.13\nUSER 10001:10001\nCOPY --chown=10001:10001 . /app\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    user = ""
    for instruction in subject.instructions:
        if instruction.keyword == "USER":
            user = instruction.text
        elif (
            instruction.keyword in {"COPY", "ADD"}
            and user.partition(":")[0] not in _ROOT
            and instruction.flag("chown") is None
        ):
            message = _("what is copied here belongs to root, not to {user}").format(user=user)
            fix = Fix(_("add --chown={user}, or move it above USER").format(user=user), safe=True)
            yield RULE.found(subject.at(instruction), message, fix=fix, properties={"user": user})
