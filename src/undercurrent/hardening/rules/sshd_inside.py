"""UC109: an SSH server in the container."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.packages import installed
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

_SSH: Final = 22
_SERVERS: Final = frozenset({"openssh-server", "openssh", "dropbear"})

RULE: Final = Rule(
    code="UC109",
    name="sshd-inside",
    severity=Severity.WARNING,
    summary=N_("An SSH server is in the image."),
    explanation=N_(
        "It is a second way in, with keys and patches of its own to keep, and it has to be root to become whoever logs "
        "in. Nobody sees in the logs of the platform who was there."
    ),
    remedy=N_("Take it out. `docker exec`, `kubectl exec` and `kubectl debug` give a shell without it."),
    aliases=("CIS 5.7", "DS-0004"),
    confidence=0.9,
    before='FROM debian:12\nRUN apt-get update && apt-get install -y openssh-server\nCMD ["/app"]\n',
    after='FROM debian:12\nCMD ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    fix = Fix(_("take it out; `docker exec` and `kubectl exec` give a shell"), safe=False)
    for call in subject.calls:
        # Alpine's openssh is client and server; most who install it want the client.
        if servers := installed(call) & _SERVERS:
            confidence = 0.5 if servers == {"openssh"} else RULE.confidence
            yield RULE.found(subject.at(call.line), _("an SSH server is installed"), fix=fix, confidence=confidence)
    for port in subject.image.ports:
        if port.number == _SSH:
            yield RULE.found(subject.where(port.origin), _("port 22 is that of an SSH server"), fix=fix)
    if subject.image.entrypoint.server == "sshd":
        yield RULE.found(subject.at(subject.image.stage.origin), _("the container starts an SSH server"), fix=fix)


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    if any(number == _SSH for number, _protocol in image.ports):
        message = _("{name}: port 22 is that of an SSH server").format(name=image.name)
        yield RULE.found(Place(image.name), message)
