"""UC160: a probe that asks somebody else."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests import podchecks
from undercurrent.hardening.manifests.podsecurity import LATEST
from undercurrent.hardening.rules.manifests.subject import in_pod
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod

__all__ = ["RULE", "check_pod"]

RULE: Final = Rule(
    code="UC160",
    name="probe-host",
    severity=Severity.WARNING,
    summary=N_("A probe or handler asks a host that the manifest names."),
    explanation=N_(
        "The kubelet asks it from the node's network: whoever writes pods can make the node ask what "
        "they cannot reach themselves."
    ),
    remedy=N_("Take `host` away: the pod itself is asked then."),
    aliases=("PSS hostProbesAndHostLifecycle",),
    before="livenessProbe:\n  httpGet: {host: 169.254.169.254, port: 80}\n",
    after="livenessProbe:\n  httpGet: {port: 80}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.probe_hosts(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: a probe or handler of container {name} asks {value}"))
