"""UC154: SELinux told otherwise."""

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
    code="UC154",
    name="selinux-changed",
    severity=Severity.WARNING,
    summary=N_("SELinux is told to confine the container otherwise than by default, or not at all."),
    explanation=N_(
        "On Red Hat's systems SELinux is what keeps a container from the files of the host and of other containers."
    ),
    remedy=N_("Leave `type`, `user` and `role` to the runtime; `level` may be set."),
    aliases=("KSV-0025", "CIS 5.3"),
    before="securityContext:\n  seLinuxOptions:\n    type: spc_t\n",
    after="securityContext: {}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.selinux(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: {name} sets an SELinux {field} of its own: {value}"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "selinux"):
        yield in_service(RULE, service, found, _("service {name} switches SELinux off"))
