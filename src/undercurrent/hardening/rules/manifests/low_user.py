"""UC148: a user id that hosts use themselves."""

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
    code="UC148",
    name="low-user-id",
    severity=Severity.NOTE,
    summary=N_("The user id in the manifest is 10000 or lower, as those of the host's own users are."),
    explanation=N_(
        "Without user namespaces an id is the same user inside and outside: who leaves the container as "
        "user 1000 is user 1000 of the node."
    ),
    remedy=N_("Take an id above 10000; files in volumes have to follow."),
    aliases=("KSV-0020", "KSV-0021", "CKV_K8S_40"),
    before="securityContext:\n  runAsUser: 1000\n",
    after="securityContext:\n  runAsUser: 10001\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podfacts.low_users(pod):
        text = _("{title}: {name} is set to user {value}, which may be one of the node's own")
        yield in_pod(RULE, pod, found, text)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in servicefacts.user_low(service):
        text = _("service {name} is set to user {value}, which may be one of the host's own")
        yield in_service(RULE, service, found, text)
