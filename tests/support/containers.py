"""Storage and settings for podman and buildah that share nothing with the machine's own."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.bases import BASES, BASES_STORE
from tests.support.peers import require_peer, skip_or_fail

__all__ = ["Workshop", "containers_environ", "workshop"]

_CONTAINERS_CONF: Final = """
[containers]
default_ulimits = []
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""What podman needs where it may not raise its limits and no systemd runs."""

_OWN_LOCKS: Final = """tmp_dir = "{folder}"
lock_type = "file"
"""
"""Else locks, and what tells podman that the machine was started anew, are those of all storage here: to empty one is
to make all others lose their running containers."""


def containers_environ(folder: Path, graph: Path, *also: Path) -> dict[str, str]:
    """Variables that make podman and buildah, and what calls them, use storage of their own.

    Args:
        folder: for the settings, and for what is gone after a boot.
        graph: where images and containers are.
        also: storage whose images can be used and not changed.
    """
    more = ", ".join(f'"{path}"' for path in also)
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{graph}"\nrunroot = "{folder / "run"}"\n'
        f"[storage.options]\nadditionalimagestores = [{more}]\n"
    )
    own = _OWN_LOCKS.format(folder=folder / "libpod") if graph.is_relative_to(folder) else ""
    (folder / "containers.conf").write_text(_CONTAINERS_CONF + own)
    (folder / "registries.conf").write_text(
        'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n'
    )
    return {
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
    }


@dataclass(frozen=True, slots=True)
class Workshop:
    """Storage that has the stand-ins under the names of the public images.

    Attributes:
        environ: variables for podman, buildah and uc.
    """

    environ: Mapping[str, str]

    def run(self, *command: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Runs a command with these variables."""
        environ = {**os.environ, **self.environ}
        return subprocess.run(command, env=environ, check=check, capture_output=True, text=True)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Storage of its own, on top of the stand-ins; all that is made in it goes with it."""
    for program in ("podman", "buildah", "runc"):
        require_peer(program)
    with tempfile.TemporaryDirectory(prefix="uc-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        made = Workshop(containers_environ(folder, folder / "graph", BASES_STORE / "storage"))
        there = set(made.run("podman", "images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split())
        missing = [one.name for one in BASES if one.image not in there]
        if missing:
            skip_or_fail(f"no base images {', '.join(missing)}; build them with: make peers")
        try:
            for one in BASES:
                made.run("podman", "tag", one.image, *one.names)
            yield made
        finally:
            # podman's own removal takes the mounts with it, which a removal of files would trip over.
            made.run("podman", "rm", "--all", "--force", "--time", "0", check=False)
            made.run("podman", "unshare", "true", check=False)
            made.run("podman", "system", "reset", "--force", check=False)
