"""UC147: a container that is set to root."""

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
    code="UC147",
    name="run-as-root",
    severity=Severity.ERROR,
    summary=N_("The container is told to run as root."),
    explanation=N_(
        "Somebody set user 0, whatever the image says. Root in the container is root of the host unless "
        "user namespaces are in use."
    ),
    remedy=N_(
        "Take another user. What only an init step needs root for (`chown`) is done by `fsGroup`, or in the image."
    ),
    aliases=("CIS 4.1", "KSV-0105", "CKV_DOCKER_8"),
    before="securityContext:\n  runAsUser: 0\n",
    after="securityContext:\n  runAsUser: 10001\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.run_as_user(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: {name} is set to user {value}"), fixable=True)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in servicefacts.user_root(service):
        yield in_service(RULE, service, found, _("service {name} is set to user {value}"), fixable=True)
