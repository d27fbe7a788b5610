"""UC143: a root filesystem that can be written to."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.rules.manifests import podfacts
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service, violations_of
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC143",
    name="root-filesystem-writable",
    severity=Severity.WARNING,
    summary=N_("The root filesystem of the container can be written to."),
    explanation=N_(
        "What can be written to can be replaced: programs, libraries, scripts that run at the next "
        "start. A read-only root filesystem takes that away, and shows which paths an application "
        "really writes to."
    ),
    remedy=N_(
        "Set it read-only, and give the paths that are written to an `emptyDir` or a tmpfs. `uc harden "
        "prove` finds them."
    ),
    aliases=("CIS 5.13", "KSV-0014", "CKV_K8S_22"),
    before="securityContext: {}\n",
    after="securityContext:\n  readOnlyRootFilesystem: true\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podfacts.writable_roots(pod):
        yield in_pod(RULE, pod, found, _("{title}: container {name} can write to its root filesystem"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "read-only"):
        yield in_service(RULE, service, found, _("service {name} can write to its root filesystem"), fixable=True)
