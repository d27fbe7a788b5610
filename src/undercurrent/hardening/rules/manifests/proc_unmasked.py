"""UC152: /proc without its masks."""

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
    code="UC152",
    name="proc-unmasked",
    severity=Severity.ERROR,
    summary=N_("The container sees /proc without the masks that protect the kernel."),
    explanation=N_(
        "`procMount: Unmasked` shows `/proc/kcore`, `/proc/keys` and the settings of the kernel. It is "
        "meant for containers in containers, in a user namespace of their own."
    ),
    remedy=N_("Take it away; if it is needed, set `hostUsers: false` as well."),
    aliases=("KSV-0027",),
    before="securityContext:\n  procMount: Unmasked\n",
    after="securityContext:\n  procMount: Default\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in podchecks.proc_mount(pod, LATEST):
        yield in_pod(RULE, pod, found, _("{title}: container {name} sees /proc unmasked"))
