"""What there is to find in manifests: UC140 to UC179, a file for each rule; about pods, compose services, or both."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from undercurrent.findings import Finding, Rule
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.rules.manifests import (
    apparmor_off,
    capabilities_added,
    capabilities_kept,
    engine_socket,
    host_device,
    host_namespaces,
    host_path,
    host_port,
    low_container_port,
    low_user,
    non_root_not_asked,
    privilege_escalation,
    privileged,
    probe_host,
    proc_unmasked,
    seccomp_off,
    secret_in_environment,
    selinux_changed,
    token_mounted,
    unsafe_sysctl,
    user_zero,
    volume_kind,
    windows_host_process,
    writable_root,
)
from undercurrent.kube import Pod

__all__ = ["POD_CHECKS", "RULES", "SERVICE_CHECKS", "PodCheck", "ServiceCheck", "in_pods", "in_services"]

PodCheck: TypeAlias = Callable[[Pod], Iterator[Finding]]
"""Looks at a pod."""
ServiceCheck: TypeAlias = Callable[[Service], Iterator[Finding]]
"""Looks at a service of a compose file."""

POD_CHECKS: Final[tuple[PodCheck, ...]] = (
    privileged.check_pod,
    capabilities_kept.check_pod,
    capabilities_added.check_pod,
    writable_root.check_pod,
    privilege_escalation.check_pod,
    seccomp_off.check_pod,
    non_root_not_asked.check_pod,
    user_zero.check_pod,
    low_user.check_pod,
    host_namespaces.check_pod,
    host_path.check_pod,
    host_port.check_pod,
    proc_unmasked.check_pod,
    unsafe_sysctl.check_pod,
    selinux_changed.check_pod,
    apparmor_off.check_pod,
    volume_kind.check_pod,
    windows_host_process.check_pod,
    engine_socket.check_pod,
    secret_in_environment.check_pod,
    probe_host.check_pod,
    token_mounted.check_pod,
    low_container_port.check_pod,
)

SERVICE_CHECKS: Final[tuple[ServiceCheck, ...]] = (
    privileged.check_service,
    capabilities_kept.check_service,
    capabilities_added.check_service,
    writable_root.check_service,
    privilege_escalation.check_service,
    seccomp_off.check_service,
    non_root_not_asked.check_service,
    user_zero.check_service,
    low_user.check_service,
    host_namespaces.check_service,
    host_path.check_service,
    unsafe_sysctl.check_service,
    selinux_changed.check_service,
    apparmor_off.check_service,
    engine_socket.check_service,
    secret_in_environment.check_service,
    low_container_port.check_service,
    host_device.check_service,
)

RULES: Final[tuple[Rule, ...]] = (
    privileged.RULE,
    capabilities_kept.RULE,
    capabilities_added.RULE,
    writable_root.RULE,
    privilege_escalation.RULE,
    seccomp_off.RULE,
    non_root_not_asked.RULE,
    user_zero.RULE,
    low_user.RULE,
    host_namespaces.RULE,
    host_path.RULE,
    host_port.RULE,
    proc_unmasked.RULE,
    unsafe_sysctl.RULE,
    selinux_changed.RULE,
    apparmor_off.RULE,
    volume_kind.RULE,
    windows_host_process.RULE,
    engine_socket.RULE,
    secret_in_environment.RULE,
    probe_host.RULE,
    token_mounted.RULE,
    low_container_port.RULE,
    host_device.RULE,
)


def in_pods(pods: tuple[Pod, ...]) -> tuple[Finding, ...]:
    """All that is found in pods, in the order of lines."""
    found = [finding for pod in pods for check in POD_CHECKS for finding in check(pod)]
    return tuple(sorted(found, key=lambda one: (one.place.line, one.rule.code)))


def in_services(services: tuple[Service, ...]) -> tuple[Finding, ...]:
    """All that is found in services, in the order of lines."""
    found = [finding for service in services for check in SERVICE_CHECKS for finding in check(service)]
    return tuple(sorted(found, key=lambda one: (one.place.name, one.place.line, one.rule.code)))
