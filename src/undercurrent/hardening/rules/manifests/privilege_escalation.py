"""UC144: processes that may gain privileges."""

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
    code="UC144",
    name="privilege-escalation-allowed",
    severity=Severity.WARNING,
    summary=N_("Processes in the container may get more rights than the one that started them."),
    explanation=N_(
        "Without `no_new_privs`, a program with the SUID bit or with file capabilities makes root of "
        "anybody. Base images have a dozen of them."
    ),
    remedy=N_('Set `allowPrivilegeEscalation: false`; in compose, `security_opt: ["no-new-privileges:true"]`.'),
    aliases=("CIS 5.26", "CIS 5.2.6", "KSV-0001", "CKV_K8S_20"),
    before="securityContext: {}\n",
    after="securityContext:\n  allowPrivilegeEscalation: false\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.privilege_escalation(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: container {name} may gain privileges"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "no-new-privileges"):
        yield in_service(RULE, service, found, _("service {name} may gain privileges"), fixable=True)
