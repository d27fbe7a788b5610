"""UC131: something that may change the answer could not be understood."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC131",
    name="not-understood",
    severity=Severity.NOTE,
    summary=N_("Something could not be understood that may change the answer."),
    explanation=N_(
        "A `RUN` whose shell does not parse, an entrypoint that is in no known place, a build argument without a "
        "value: what it does is not guessed, and nothing is rewritten on a guess."
    ),
    remedy=N_(
        "Often the build context helps: start the audit where the file's own `COPY` paths are right. Else look at the "
        "line yourself; `uc harden prove` shows what happens."
    ),
    confidence=0.9,
    before='FROM debian:12\nRUN if then fi ((\nUSER 10001\nCMD ["/app"]\n',
    after='FROM debian:12\nRUN make\nUSER 10001\nCMD ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    told = set()
    for what, origin in subject.image.doubts:
        told.add(subject.where(origin).line)
        yield RULE.found(subject.where(origin), what)
    for run in subject.unparsed:
        if run.line not in told:
            yield RULE.found(subject.at(run), _("the shell commands of this RUN cannot be parsed"))
