"""Kubernetes' Pod Security Standards: what a pod does that "baseline" and "restricted" forbid.

A port of each check of https://github.com/kubernetes/kubernetes/tree/v1.36.3/staging/src/k8s.io/pod-security-admission/policy
with the versions from which it holds. Values of a wrong type, which the API server refuses, are forbidden too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from undercurrent.hardening.manifests import podchecks as checks
from undercurrent.hardening.manifests.podchecks import Found, Version
from undercurrent.kube import Container, Pod
from undercurrent.yamltext import Key

__all__ = ["LATEST", "Level", "Violation", "violations"]

Level: TypeAlias = Literal["baseline", "restricted"]

LATEST: Final[Version] = (1, 36)
"""The version of Kubernetes that the checks were read from."""

_Check: TypeAlias = Callable[[Pod, Version], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One check: since when, and until when where a stricter one of "restricted" takes its place."""

    name: str
    level: Level
    check: _Check
    since: Version = (1, 0)
    replaces: str = ""
    pod_os: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a level forbids.

    Attributes:
        check: Kubernetes' own name of the check: ``runAsNonRoot``.
        level: the lowest that forbids it.
        key: where, below the pod's spec, or in its metadata; of what lacks something where it is not there.
        container: that it is about; None for the pod.
        value: what is there that should not be, or empty where something is missing.
        pod: in which.
    """

    check: str
    level: Level
    key: Key
    container: Container | None
    value: str
    pod: Pod

    @property
    def line(self) -> int:
        """Where, from 1."""
        if self.key[:1] == ("metadata",):
            from undercurrent.yamltext import line_at  # noqa: PLC0415

            return line_at(self.pod.document, (*self.pod.key, *self.key))
        return self.pod.line(*self.key)


_RULES: Final = (
    _Rule("appArmorProfile", "baseline", checks.app_armor),
    _Rule("capabilities_baseline", "baseline", checks.capabilities_baseline),
    _Rule("hostNamespaces", "baseline", checks.host_namespaces),
    _Rule("hostPathVolumes", "baseline", checks.host_paths),
    _Rule("hostPorts", "baseline", checks.host_ports),
    _Rule("hostProbesAndHostLifecycle", "baseline", checks.probe_hosts, since=(1, 34)),
    _Rule("privileged", "baseline", checks.privileged),
    _Rule("procMount", "baseline", checks.proc_mount_baseline),
    _Rule("seLinuxOptions", "baseline", checks.selinux),
    _Rule("seccompProfile_baseline", "baseline", checks.seccomp_baseline),
    _Rule("sysctls", "baseline", checks.sysctls),
    _Rule("windowsHostProcess", "baseline", checks.host_process),
    _Rule("allowPrivilegeEscalation", "restricted", checks.privilege_escalation, since=(1, 8), pod_os=True),
    _Rule(
        "capabilities_restricted",
        "restricted",
        checks.capabilities_restricted,
        since=(1, 22),
        replaces="capabilities_baseline",
        pod_os=True,
    ),
    _Rule("procMount_restricted", "restricted", checks.proc_mount, since=(1, 35), replaces="procMount"),
    _Rule("restrictedVolumes", "restricted", checks.volumes, replaces="hostPathVolumes"),
    _Rule("runAsNonRoot", "restricted", checks.run_as_non_root),
    _Rule("runAsUser", "restricted", checks.run_as_user, since=(1, 23)),
    _Rule(
        "seccompProfile_restricted",
        "restricted",
        checks.seccomp_restricted,
        since=(1, 19),
        replaces="seccompProfile_baseline",
        pod_os=True,
    ),
)
_OS_SINCE: Final[Version] = (1, 25)
"""Since when pods that say they run on Windows need not say what Windows has not."""


def violations(pod: Pod, level: Level, version: Version = LATEST) -> tuple[Violation, ...]:
    """What ``level`` forbids of the pod, in the order of Kubernetes' checks; nothing where it is allowed.

    Args:
        pod: to look at.
        level: "restricted" has all of "baseline" in it.
        version: of Kubernetes, whose standard it is.
    """
    rules = [rule for rule in _RULES if rule.since <= version and (level == "restricted" or rule.level == "baseline")]
    replaced = {rule.replaces for rule in rules}
    return tuple(
        Violation(rule.name, rule.level, found.key, found.container, found.value, pod)
        for rule in rules
        if rule.name not in replaced and not (rule.pod_os and pod.windows and version >= _OS_SINCE)
        for found in rule.check(pod, version)
    )
