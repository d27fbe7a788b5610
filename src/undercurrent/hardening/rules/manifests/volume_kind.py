"""UC156: a volume that no administrator rules."""

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
    code="UC156",
    name="restricted-volume-kind",
    severity=Severity.WARNING,
    summary=N_('The volume is of a kind that "restricted" does not allow.'),
    explanation=N_(
        "Volumes such as `nfs` or `iscsi` in a pod pass by storage classes, quotas and access modes, "
        "and let whoever writes pods name any server."
    ),
    remedy=N_("Make a PersistentVolume of it, and claim that."),
    aliases=("KSV-0028", "CIS 5.2.11"),
    before="volumes:\n- name: data\n  nfs: {server: files, path: /data}\n",
    after="volumes:\n- name: data\n  persistentVolumeClaim: {claimName: data}\n",
    language="yaml",
)


def check_pod(pod: Pod) -> Iterator[Finding]:
    """Finds it in a pod."""
    for found in (one for one in podchecks.volumes(pod, LATEST) if one.value != "hostPath"):
        yield in_pod(RULE, pod, found, _("{title} has a volume of the kind {value}"))
