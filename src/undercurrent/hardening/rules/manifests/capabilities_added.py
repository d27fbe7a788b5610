"""UC142: a capability that was added."""

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
    code="UC142",
    name="capabilities-added",
    severity=Severity.ERROR,
    summary=N_("The container gets a capability beyond those that it may have."),
    explanation=N_(
        "`SYS_ADMIN`, `NET_ADMIN`, `SYS_PTRACE` and others reach beyond the container: mounts, the "
        'network of the node, other processes. Pod Security\'s "restricted" lets only `NET_BIND_SERVICE` '
        "be added."
    ),
    remedy=N_(
        "Take it away, or move the part that needs it into a container of its own that nothing from outside can reach."
    ),
    aliases=("CIS 5.3", "CIS 5.2.8", "KSV-0022", "KSV-0005", "CKV_K8S_25", "CKV_K8S_39"),
    before="securityContext:\n  capabilities:\n    add: [NET_ADMIN]\n",
    after="securityContext:\n  capabilities:\n    drop: [ALL]\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in (one for one in podchecks.capabilities_restricted(pod, LATEST) if one.value):
        yield in_pod(RULE, pod, found, _("{title}: container {name} adds {value}"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "capabilities-added"):
        yield in_service(RULE, service, found, _("service {name} adds {value}"))
