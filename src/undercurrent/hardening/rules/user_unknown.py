"""UC102: nobody can say who runs."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.model.nouns import Identity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

RULE: Final = Rule(
    code="UC102",
    name="user-unknown",
    severity=Severity.WARNING,
    summary=N_("Nobody can say who runs: the base image decides, and nothing is known of it."),
    explanation=N_(
        "The stage names no user, so the base image's configuration decides; or it names one by a build argument that "
        "has no value. What is not known is not taken for safe: most images run as root."
    ),
    remedy=N_(
        "Name the user in the Dockerfile: `USER 10001:10001`. Or say who runs in your base images: `[harden.bases]` in "
        '`undercurrent.toml` takes `"registry.example.com/base:*" = "10001"`. With `--online` the configuration of a '
        "base is read where it is."
    ),
    aliases=("CIS 4.1",),
    before='FROM registry.example.com/acme/base:7\nCMD ["/app"]\n',
    after='FROM registry.example.com/acme/base:7\nUSER 10001:10001\nCMD ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    runner = subject.image.runner
    if runner.identity is Identity.UNKNOWN:
        message = _("nobody can say who runs: {reason}").format(reason=runner.reason)
        fix = Fix(_("name the user: USER 10001:10001"), safe=False)
        facts = {"base": subject.image.base_name, "user": runner.text}
        yield RULE.found(subject.where(runner.origin), message, fix=fix, properties=facts)
