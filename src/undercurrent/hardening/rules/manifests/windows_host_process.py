"""UC157: a process of the Windows host."""

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
    code="UC157",
    name="host-process",
    severity=Severity.ERROR,
    summary=N_("The container is a process of the Windows host."),
    explanation=N_(
        "A HostProcess container has the host's files, network and accounts: it is a container in name only."
    ),
    remedy=N_("Take `hostProcess` away; only what administers nodes needs it."),
    aliases=("KSV-0103",),
    before="securityContext:\n  windowsOptions:\n    hostProcess: true\n",
    after="securityContext: {}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.host_process(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: {name} is a process of the host"))
