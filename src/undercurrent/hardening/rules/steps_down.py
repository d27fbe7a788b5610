"""UC117: the entrypoint begins as root and changes to another user."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["DROPPERS", "RULE", "check", "check_built"]

DROPPERS: Final = frozenset(
    {"chpst", "gosu", "runuser", "s6-setuidgid", "setpriv", "setuidgid", "su", "su-exec", "sudo"}
)
"""Programs that start another one as another user."""

RULE: Final = Rule(
    code="UC117",
    name="steps-down",
    severity=Severity.WARNING,
    summary=N_("The entrypoint begins as root and becomes another user (gosu, su-exec, setpriv)."),
    explanation=N_(
        "Until it has changed, it is root, and it needs the capabilities SETUID and SETGID for it, mostly CHOWN and "
        "DAC_OVERRIDE as well. Started as a user, it fails: *operation not permitted*."
    ),
    remedy=N_(
        "Start as that user from the beginning, and do what the entrypoint does as root in the build. An entrypoint "
        "that others use as root, too, asks first:\n\n"
        '```sh\nif [ "$(id -u)" = 0 ]; then exec gosu app "$@"; fi\nexec "$@"\n```'
    ),
    before='FROM debian:12\nENTRYPOINT ["gosu", "10001:10001", "/app"]\n',
    after='FROM debian:12\nUSER 10001:10001\nENTRYPOINT ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    image = subject.image
    found = image.runner.drops or next((one for one in image.entrypoint.chain if one in DROPPERS), "")
    if not found:
        return
    instruction = image.ending.get("ENTRYPOINT") or image.ending.get("CMD") or image.stage.origin
    message = _("the entrypoint begins as root and becomes another user with {program}").format(program=found)
    fix = Fix(_("start as that user; do as root only what the build does"), safe=False)
    yield RULE.found(subject.at(instruction), message, fix=fix, properties={"program": found})


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built, where its command says so itself."""
    found = next((word.rpartition("/")[2] for word in image.command if word.rpartition("/")[2] in DROPPERS), "")
    if found:
        text = _("{name}: the entrypoint begins as root and becomes another user with {program}")
        message = text.format(name=image.name, program=found)
        yield RULE.found(Place(image.name), message, properties={"program": found})
