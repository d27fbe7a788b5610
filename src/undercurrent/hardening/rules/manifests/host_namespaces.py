"""UC149: a namespace of the host."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests import podchecks
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.podsecurity import LATEST
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service, violations_of
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC149",
    name="host-namespaces",
    severity=Severity.ERROR,
    summary=N_("The container shares a namespace of the host."),
    explanation=N_(
        "In the host's network it reaches every service that listens on the node's loopback address, "
        "and its traffic passes by network policies. With the host's processes it reads their "
        "environment and sends them signals."
    ),
    remedy=N_("Take it away. What only has to be reached at an address of the node takes a Service, a mapped port."),
    aliases=(
        "CIS 5.10",
        "CIS 5.16",
        "CIS 5.17",
        "CIS 5.2.3",
        "CIS 5.2.4",
        "CIS 5.2.5",
        "KSV-0008",
        "KSV-0009",
        "KSV-0010",
        "CKV_K8S_17",
        "CKV_K8S_18",
        "CKV_K8S_19",
    ),
    before="spec:\n  hostNetwork: true\n",
    after="spec:\n  hostNetwork: false\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.host_namespaces(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title} shares a namespace of the host: {field}"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "host-namespaces"):
        yield in_service(RULE, service, found, _("service {name} shares a namespace of the host: {value}"))
