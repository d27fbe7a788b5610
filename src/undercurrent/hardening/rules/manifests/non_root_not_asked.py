"""UC146: nobody refuses an image that runs as root."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests import podchecks
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.podsecurity import LATEST
from undercurrent.hardening.rules.manifests import servicefacts
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC146",
    name="run-as-non-root-not-required",
    severity=Severity.WARNING,
    summary=N_("Nothing keeps the container from running as root."),
    explanation=N_(
        "Without `runAsNonRoot: true` the image decides who runs, and the next version of the image may "
        "decide otherwise."
    ),
    remedy=N_(
        "Set `runAsNonRoot: true` for the pod, and a numeric `USER` in the image, as the kubelet cannot "
        "look names up. In compose, set `user:`."
    ),
    aliases=("CIS 4.1", "CIS 5.2.7", "KSV-0012", "CKV_K8S_23"),
    before="securityContext: {}\n",
    after="securityContext:\n  runAsNonRoot: true\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.run_as_non_root(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: {name} may run as root"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in servicefacts.user_unset(service):
        yield in_service(RULE, service, found, _("service {name} runs as whoever the image says"), fixable=True)
