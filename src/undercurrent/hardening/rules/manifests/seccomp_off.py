"""UC145: system calls that nobody filters."""

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
    code="UC145",
    name="seccomp-off",
    severity=Severity.WARNING,
    summary=N_("No seccomp profile filters the container's system calls."),
    explanation=N_(
        "Kubernetes filters nothing unless a profile is named (or the kubelet has `seccompDefault`). "
        "The runtime's own profile refuses about sixty calls that applications do not make and exploits "
        "do."
    ),
    remedy=N_(
        "Set `seccompProfile: {type: RuntimeDefault}` for the pod. Engines filter by default: take "
        "`seccomp=unconfined` away."
    ),
    aliases=("CIS 5.22", "CIS 5.7.2", "KSV-0030", "CKV_K8S_31"),
    before="securityContext: {}\n",
    after="securityContext:\n  seccompProfile:\n    type: RuntimeDefault\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.seccomp_restricted(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: no seccomp profile filters {name}"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "seccomp"):
        yield in_service(RULE, service, found, _("service {name} switches seccomp off"))
