"""UC159: a secret that is written into a manifest."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.rules.manifests import podfacts, servicefacts
from undercurrent.hardening.rules.manifests.subject import in_pod, in_service
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod", "check_service"]

RULE: Final = Rule(
    code="UC159",
    name="secret-in-environment",
    severity=Severity.WARNING,
    summary=N_("A variable that is called like a secret has its value in the manifest."),
    explanation=N_(
        "Whoever reads the repository has it, and so has every process in the container, every crash "
        "report, and `docker inspect`."
    ),
    remedy=N_(
        "Take it from a Secret (`valueFrom.secretKeyRef`), better still a file: `secrets:` in compose, "
        "a mounted Secret in Kubernetes. Change the one that was written here."
    ),
    aliases=("CIS 4.10", "CIS 5.4.1", "CKV_K8S_35", "KSV-0109"),
    confidence=0.7,
    before="env:\n- name: DB_PASSWORD\n  value: hunter2\n",
    after="env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db, key: password}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podfacts.secrets(pod):
        yield in_pod(RULE, pod, found, _("{title}: container {name} has {value} in its environment"))


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in servicefacts.secrets(service):
        yield in_service(RULE, service, found, _("service {name} has {value} in its environment"))
