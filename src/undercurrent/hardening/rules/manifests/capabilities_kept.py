"""UC141: capabilities that were not dropped."""

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
    code="UC141",
    name="capabilities-not-dropped",
    severity=Severity.WARNING,
    summary=N_("The container keeps the capabilities that engines give to everybody."),
    explanation=N_(
        "Engines give each container about fourteen capabilities: to change owners, to become other "
        "users, to bind low ports. Almost no application needs one. They are what turns a bug into root."
    ),
    remedy=N_("Drop `ALL`. `uc harden manifests` does it; `uc harden prove` shows that the application runs without."),
    aliases=("CIS 5.4", "CIS 5.2.9", "KSV-0106", "KSV-0003", "CKV_K8S_37"),
    before="securityContext: {}\n",
    after="securityContext:\n  capabilities:\n    drop: [ALL]\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in (one for one in podchecks.capabilities_restricted(pod, LATEST) if not one.value):
        yield in_pod(RULE, pod, found, _("{title}: container {name} does not drop all capabilities"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "capabilities-dropped"):
        yield in_service(RULE, service, found, _("service {name} does not drop all capabilities"), fixable=True)
