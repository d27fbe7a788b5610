"""UC150: a folder of the host."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests import podchecks
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.podsecurity import LATEST
from undercurrent.hardening.manifests.servicechecks import socket_in
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service, violations_of
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC150",
    name="host-path",
    severity=Severity.ERROR,
    summary=N_("A folder of the host is mounted into the container."),
    explanation=N_(
        "Through `/etc`, `/var/lib/kubelet` or the root folder a container becomes the host; other "
        "folders outlive the container and tie it to a node."
    ),
    remedy=N_("Use a PersistentVolumeClaim, a ConfigMap, an `emptyDir`, or a named volume."),
    aliases=("CIS 5.6", "CIS 5.2.12", "KSV-0023", "CKV_K8S_29"),
    before="volumes:\n- name: data\n  hostPath:\n    path: /srv/data\n",
    after="volumes:\n- name: data\n  persistentVolumeClaim:\n    claimName: data\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in (one for one in podchecks.host_paths(pod, LATEST) if not socket_in(one.value)):
        yield in_pod(RULE, pod, found, _("{title} mounts {value} of the host"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "host-path"):
        yield in_service(RULE, service, found, _("service {name} mounts {value} of the host"))
