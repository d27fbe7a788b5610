"""What there is to find about how a container will run: UC1xx, a file for each rule."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from undercurrent.findings import Finding, Rule
from undercurrent.hardening.rules import (
    add_instead_of_copy,
    base_not_pinned,
    chown_after_volume,
    chown_recursive,
    copy_without_chown,
    file_capabilities,
    hadolint,
    huge_uid,
    ignore_not_used,
    ignore_without_reason,
    insecure_run,
    low_port,
    low_uid,
    manifests,
    needs_capability,
    no_healthcheck,
    not_buildable,
    not_understood,
    runs_as_root,
    secrets_inside,
    sshd_inside,
    steps_down,
    sudo_inside,
    suid_files,
    user_not_numeric,
    user_not_used,
    user_unknown,
    writable_by_all,
)
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject

__all__ = ["BUILT_CHECKS", "CHECKS", "RULES", "BuiltCheck", "Check"]

Check: TypeAlias = Callable[[Subject], Iterator[Finding]]
"""Looks at an image that a Dockerfile builds."""
BuiltCheck: TypeAlias = Callable[[BuiltImage], Iterator[Finding]]
"""Looks at an image that is built."""

_MODULES: Final = (
    runs_as_root,
    user_unknown,
    user_not_numeric,
    low_uid,
    user_not_used,
    sudo_inside,
    huge_uid,
    low_port,
    sshd_inside,
    suid_files,
    file_capabilities,
    insecure_run,
    copy_without_chown,
    chown_after_volume,
    chown_recursive,
    writable_by_all,
    steps_down,
    secrets_inside,
    add_instead_of_copy,
    no_healthcheck,
    base_not_pinned,
    needs_capability,
    not_understood,
)

CHECKS: Final[tuple[Check, ...]] = tuple(module.check for module in _MODULES)
"""Of Dockerfiles."""

BUILT_CHECKS: Final[tuple[BuiltCheck, ...]] = (
    runs_as_root.check_built,
    user_not_numeric.check_built,
    low_uid.check_built,
    low_port.check_built,
    sshd_inside.check_built,
    suid_files.check_built,
    file_capabilities.check_built,
    steps_down.check_built,
    secrets_inside.check_built,
    no_healthcheck.check_built,
)
"""Of images."""

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (
            *(module.RULE for module in (*_MODULES, not_buildable, ignore_without_reason, ignore_not_used, hadolint)),
            *manifests.RULES,
        ),
        key=lambda rule: rule.code,
    )
)
