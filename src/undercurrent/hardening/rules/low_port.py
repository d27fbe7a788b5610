"""UC108: a port below 1024, which asks for a capability."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.ports import FIRST_FREE, free_port
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

RULE: Final = Rule(
    code="UC108",
    name="low-port",
    severity=Severity.WARNING,
    summary=N_("The container listens below port 1024."),
    explanation=N_(
        "For ports below 1024 Linux wants the capability NET_BIND_SERVICE. Docker and podman let every process in the "
        "container have them (`net.ipv4.ip_unprivileged_port_start=0`), Kubernetes does not: there the same image "
        "fails with *permission denied* as soon as it is not root."
    ),
    remedy=N_(
        "Listen on 8080 (8443) instead and publish that as 80 (443): `docker run -p 80:8080`, `targetPort: 8080`. "
        "`EXPOSE`, the program's configuration and everything that names the port have to change together; `uc harden "
        "fix` does that for known servers."
    ),
    aliases=("CIS 5.8", "KSV-0117"),
    confidence=0.9,
    before="FROM python:3.13\nUSER 10001\nEXPOSE 80\nCMD python -m http.server 80\n",
    after="FROM python:3.13\nUSER 10001\nEXPOSE 8080\nCMD python -m http.server 8080\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for port in subject.image.ports:
        if 0 < port.number < FIRST_FREE:
            message = _("port {port} is below 1024").format(port=f"{port.number}/{port.protocol}")
            fix = Fix(
                _("listen on {port}, and publish it as before").format(port=free_port(port.number, ())), safe=False
            )
            facts = {"port": port.number, "protocol": port.protocol, "surely": port.surely}
            confidence = RULE.confidence if port.surely else 0.8
            place = subject.where(port.origin)
            yield RULE.found(place, message, fix=fix, properties=facts, confidence=confidence)


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    for number, protocol in image.ports:
        if 0 < number < FIRST_FREE:
            message = _("{name}: port {port} is below 1024").format(name=image.name, port=f"{number}/{protocol}")
            yield RULE.found(Place(image.name), message, properties={"port": number, "protocol": protocol})
