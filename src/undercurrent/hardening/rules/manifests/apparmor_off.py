"""UC155: AppArmor switched off."""

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
    code="UC155",
    name="apparmor-off",
    severity=Severity.WARNING,
    summary=N_("AppArmor is switched off for the container."),
    explanation=N_(
        "The runtime's profile keeps a container from mounts and from the kernel's files in /proc and "
        "/sys, even where seccomp and capabilities would let it."
    ),
    remedy=N_("Take `Unconfined` away: `RuntimeDefault` is what holds without it."),
    aliases=("CIS 5.2", "KSV-0002"),
    before="securityContext:\n  appArmorProfile:\n    type: Unconfined\n",
    after="securityContext:\n  appArmorProfile:\n    type: RuntimeDefault\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.app_armor(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: AppArmor is switched off for {name}"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "apparmor"):
        yield in_service(RULE, service, found, _("service {name} switches AppArmor off"))
