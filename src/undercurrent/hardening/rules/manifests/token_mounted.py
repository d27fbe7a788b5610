"""UC161: a token for the cluster in every container."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.rules.manifests import podfacts
from undercurrent.hardening.rules.manifests.subject import in_pod
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod"]

RULE: Final = Rule(
    code="UC161",
    name="service-account-token-mounted",
    severity=Severity.NOTE,
    summary=N_("The pod gets a token of its service account, whether it needs one or not."),
    explanation=N_(
        "Who breaks into the container has the token, and with it all that the service account may do in the cluster."
    ),
    remedy=N_("Set `automountServiceAccountToken: false` unless the application speaks to Kubernetes."),
    aliases=("CIS 5.1.6", "KSV-0036", "CKV_K8S_38"),
    confidence=0.5,
    before="spec:\n  containers: []\n",
    after="spec:\n  automountServiceAccountToken: false\n  containers: []\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podfacts.tokens(pod):
        yield in_pod(RULE, pod, found, _("{title} gets a token of its service account"))
