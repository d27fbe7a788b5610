"""UC158: the engine's socket in a container."""

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
    code="UC158",
    name="engine-socket-mounted",
    severity=Severity.ERROR,
    summary=N_("The socket of a container engine is in the container."),
    explanation=N_(
        "Who may speak to the engine may start a privileged container with the host's root folder in "
        "it. Mounting the socket read-only changes nothing about that."
    ),
    remedy=N_(
        "Build with BuildKit or buildah without an engine; read events through a proxy that lets only those calls pass."
    ),
    aliases=("CIS 5.31", "KSV-0006", "CKV_K8S_27"),
    before="volumes:\n- /var/run/docker.sock:/var/run/docker.sock\n",
    after="volumes: []\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podfacts.sockets(pod):
        yield in_pod(RULE, pod, found, _("{title} mounts {value}: who has that is root of the node"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "engine-socket"):
        yield in_service(RULE, service, found, _("service {name} mounts {value}: who has that is root of the host"))
