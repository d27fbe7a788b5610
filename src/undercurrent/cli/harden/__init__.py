"""``uc harden``: containers without root, without capabilities, with a read-only root filesystem."""

from typing import Final

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["ENTRIES", "group"]

_HERE = "undercurrent.cli.harden"

ENTRIES: Final[dict[str, Entry]] = {
    "audit": Entry(f"{_HERE}.audit:audit", N_("say which containers run as root, why, and what to do first")),
    "manifests": Entry(f"{_HERE}.manifests:manifests", N_("patch Kubernetes and compose files")),
    "new": Entry(f"{_HERE}.new:new", N_("begin an application without root: Dockerfiles that build")),
    "fix": Entry(f"{_HERE}.fix:fix_command", N_("show or write what makes images run without root")),
    "prove": Entry(f"{_HERE}.prove:prove", N_("run it without root, and see that it still answers")),
}

group = LazyGroup(
    "harden",
    entries=ENTRIES,
    help=_("Containers that run without root, without capabilities and with a read-only root filesystem."),
)
