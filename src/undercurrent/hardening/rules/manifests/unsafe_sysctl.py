"""UC153: a kernel setting that others share."""

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
    code="UC153",
    name="unsafe-sysctl",
    severity=Severity.ERROR,
    summary=N_("A kernel setting is changed that is not the container's alone."),
    explanation=N_("Only a few settings belong to a pod and harm nobody else. Others are those of the whole node."),
    remedy=N_("Take it away, or set it on the node on purpose."),
    aliases=("KSV-0026", "CIS 5.2.10"),
    before='securityContext:\n  sysctls:\n  - name: kernel.msgmax\n    value: "65536"\n',
    after="securityContext: {}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.sysctls(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title} changes the kernel setting {value}"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "sysctls"):
        yield in_service(RULE, service, found, _("service {name} changes the kernel setting {value}"))
