"""UC151: a port of the node."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests import podchecks
from undercurrent.hardening.manifests.podsecurity import LATEST
from undercurrent.hardening.rules.manifests.subject import in_pod
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod"]

RULE: Final = Rule(
    code="UC151",
    name="host-port",
    severity=Severity.WARNING,
    summary=N_("The container takes a port of the node."),
    explanation=N_(
        "A `hostPort` passes by Services and most network policies, and lets only one such pod run on a node."
    ),
    remedy=N_("Use a Service of the type NodePort or LoadBalancer."),
    aliases=("CIS 5.2.13", "KSV-0024", "CKV_K8S_26"),
    before="ports:\n- containerPort: 8080\n  hostPort: 80\n",
    after="ports:\n- containerPort: 8080\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.host_ports(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: container {name} takes port {value} of the node"))
