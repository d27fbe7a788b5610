"""UC140: a privileged container."""

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
    code="UC140",
    name="privileged-container",
    severity=Severity.ERROR,
    summary=N_("The container is privileged."),
    explanation=N_(
        "A privileged container has every capability, every device of the host, and neither seccomp nor "
        "AppArmor. Who breaks into it is root of the host, in one step."
    ),
    remedy=N_(
        "Take `privileged` away. What needs one device or one capability gets that one: a device "
        "plug-in, or `capabilities.add`."
    ),
    aliases=("CIS 5.4", "CIS 5.2.1", "KSV-0017", "CKV_K8S_16"),
    before="securityContext:\n  privileged: true\n",
    after="securityContext:\n  privileged: false\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.privileged(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: container {name} is privileged"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "privileged"):
        yield in_service(RULE, service, found, _("service {name} is privileged"))
