"""UC162: a port below 1024 in a manifest."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.ports import free_ports
from undercurrent.hardening.rules.manifests import podfacts, servicefacts
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC162",
    name="low-container-port",
    severity=Severity.NOTE,
    summary=N_("The container listens on a port below 1024."),
    explanation=N_(
        "Without a capability nobody listens there, unless the kernel was told otherwise. Docker and "
        "podman do that for their containers; Kubernetes leaves it to the runtime."
    ),
    remedy=N_(
        "Move it above 1023 (`uc harden manifests --move-ports`, and the program with it), or set the "
        'sysctl `net.ipv4.ip_unprivileged_port_start`, which "restricted" allows.'
    ),
    aliases=("CIS 5.8", "KSV-0117"),
    before="ports:\n- containerPort: 80\n",
    after="ports:\n- containerPort: 8080\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    low = tuple(podfacts.low_ports(pod))
    places = free_ports((int(found.value) for found in low), podfacts.ports(pod))
    for found in low:
        finding = in_pod(RULE, pod, found, _("{title}: container {name} listens on port {value}"))
        yield replace(finding, fix=_moving(places[int(found.value)]))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    low = tuple(servicefacts.low_ports(service))
    places = free_ports((int(found.value) for found in low), (mapping.target for mapping in service.ports))
    for found in low:
        finding = in_service(RULE, service, found, _("service {name} listens on port {value}"))
        yield replace(finding, fix=_moving(places[int(found.value)]))


def _moving(port: int) -> Fix:
    """The program has to move first: the mapping alone would lead nowhere."""
    text = _("let the program listen on {port}, then `uc harden manifests --move-ports --write`")
    return Fix(text.format(port=port), safe=False)
