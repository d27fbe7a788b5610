"""Real programs that tests are run against: which, in which version, from where, and where they lie.

This table is the one place that names them. ``make peers`` installs what it lists (`tests.peers.install`);
a test asks for one with `require_peer`.
"""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

__all__ = [
    "DEBIAN_PEERS",
    "GO",
    "GO_PEERS",
    "PEERS_CACHE",
    "DebianPeer",
    "GoPeer",
    "find_peer",
    "require_peer",
    "skip_or_fail",
]

_GO_SOURCES: Final = Path(__file__).parent.parent / "peers" / "go"
_SERVER_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where distributions keep servers; a user's PATH may lack them."""

PEERS_CACHE: Final = Path(
    os.environ.get("UC_PEERS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "undercurrent" / "peers"
)
"""What ``make peers`` builds, outside the clone and shared by all clones; settled before a test moves HOME."""

GO: Final = "1.26.6"
"""The Go toolchain that builds peers where the machine has none that is new enough (constraints/go.txt)."""


@dataclass(frozen=True, slots=True)
class GoPeer:
    """A program built from the Go module proxy, checked against Go's checksum database.

    Attributes:
        name: first half of its folder in the cache, ``NAME-VERSION``.
        version: of the module.
        module: import path of the program; "" for one of ours.
        program: what the binary is called here.
        tool: import path of a program that a module of ours names as its tool: Go installs that one without asking
            which versions there are, which not every proxy tells of every module.

    What is ours lies in tests/peers/go/NAME.
    """

    name: str
    version: str
    module: str
    program: str
    tool: str = ""

    @property
    def built(self) -> str:
        """What Go calls the binary: the last part of the import path that is no major version."""
        parts = (self.module or self.tool or self.name).split("/")
        return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) and len(parts) > 1 else parts[-1]

    @property
    def source(self) -> Path:
        """The folder of our own source."""
        return _GO_SOURCES / self.name

    @property
    def folder(self) -> Path:
        """Its folder in the cache; that of one of ours also names the content of its source."""
        if self.module:
            return PEERS_CACHE / f"{self.name}-{self.version}"
        files = [self.source / name for name in ("main.go", "go.mod", "go.sum")]
        content = b"".join(file.read_bytes() for file in files if file.is_file())
        return PEERS_CACHE / f"{self.name}-{self.version}-{hashlib.sha256(content).hexdigest()[:8]}"

    @property
    def path(self) -> Path:
        """The program."""
        return self.folder / "bin" / self.program


@dataclass(frozen=True, slots=True)
class DebianPeer:
    """A program from one of Debian's packages."""

    program: str
    package: str


GO_PEERS: Final = (
    GoPeer("crane", "0.22.1", "github.com/google/go-containerregistry/cmd/crane", "crane"),
    GoPeer("cosign", "3.1.3", "github.com/sigstore/cosign/v3/cmd/cosign", "cosign"),
    GoPeer("distribution", "3.1.2", "github.com/distribution/distribution/v3/cmd/registry", "registry"),
    GoPeer("referrers-registry", "0.22.1", "", "referrers-registry"),
    GoPeer("fulcio", "1.8.8", "github.com/sigstore/fulcio", "fulcio"),
    GoPeer("rekor-tiles", "2.3.0", "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix", "rekor-server-posix"),
    GoPeer("timestamp-authority", "2.1.3", "", "timestamp-authority"),
    GoPeer("ctlog", "1.4.0", "", "ctlog"),
    GoPeer("notation", "1.3.2", "", "notation", tool="github.com/notaryproject/notation/cmd/notation"),
    GoPeer("controlplane", "1.36.3", "", "controlplane"),
    GoPeer("kubeconform", "0.8.0", "github.com/yannh/kubeconform/cmd/kubeconform", "kubeconform"),
    GoPeer("helm", "4.3.2", "helm.sh/helm/v4/cmd/helm", "helm"),
    GoPeer("kustomize", "5.8.1", "sigs.k8s.io/kustomize/kustomize/v5", "kustomize"),
)

DEBIAN_PEERS: Final = (
    DebianPeer("docker-registry", "docker-registry"),
    DebianPeer("skopeo", "skopeo"),
    DebianPeer("podman", "podman"),
    DebianPeer("newuidmap", "uidmap"),
    DebianPeer("strace", "strace"),
    DebianPeer("buildah", "buildah"),
    DebianPeer("dockerd", "docker.io"),
    DebianPeer("runc", "runc"),
    DebianPeer("mmdebstrap", "mmdebstrap"),
    DebianPeer("htpasswd", "apache2-utils"),
    DebianPeer("initdb", "postgresql"),
    DebianPeer("mariadbd", "mariadb-server"),
    DebianPeer("khal", "khal"),
    DebianPeer("calcurse", "calcurse"),
    DebianPeer("zsh", "zsh"),
    DebianPeer("fish", "fish"),
    DebianPeer("openssl", "openssl"),
    DebianPeer("faketime", "faketime"),
    DebianPeer("softhsm2-util", "softhsm2"),
    DebianPeer("pkcs11-tool", "opensc"),
    DebianPeer("chromium", "chromium"),
    DebianPeer("promtool", "prometheus"),
)


def find_peer(program: str) -> Path | None:
    """Where ``program`` is: the pinned build first, then the PATH, then where Debian keeps servers."""
    for peer in GO_PEERS:
        if peer.program == program and peer.path.is_file():
            return peer.path
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders = [*os.get_exec_path(), *_SERVER_FOLDERS, *map(str, postgresql)]
    found = shutil.which(program, path=os.pathsep.join(folders))
    return Path(found) if found else None


def require_peer(program: str, install_line: str = "make peers") -> Path:
    """The program, or the end of this test.

    Args:
        program: as `find_peer` takes it.
        install_line: what installs it.

    Returns:
        Its path.
    """
    found = find_peer(program)
    if found is None:
        skip_or_fail(f"{program} is not installed; install it with: {install_line}")
    return found


def skip_or_fail(reason: str) -> NoReturn:
    """Skips this test, or fails it where UC_REQUIRE_PEERS=1 says that all peers must be there."""
    if os.environ.get("UC_REQUIRE_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
