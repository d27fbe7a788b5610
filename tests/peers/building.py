"""Builds the images that stand in for public ones (`tests.support.bases`): ``make peers`` does it once.

Debian by mmdebstrap, with this machine's own sources of packages where it is the same Debian, and everything else on
that. What a build needs of this machine (where packages come from) is mounted while it runs, and is in no image.
"""

# ruff: noqa: T201 - printing is how a script speaks

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.bases import BASES, BASES_STORE, Base, base
from tests.support.containers import containers_environ
from tests.support.peers import find_peer

__all__ = ["build_bases"]

_SUITE: Final = "bookworm"
_FIRST: Final = (
    "ca-certificates,curl,gosu,tini,procps,libcap2-bin,iputils-ping,sudo,supervisor,busybox-static,passwd,adduser,"
    "media-types"
)
"""What applications install before anything else, so that it is here already."""
_WITHOUT: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_DATE: Final = "1704067200"
"""Of what is built, in seconds since 1970, where a date has to be."""


def build_bases() -> None:
    """Builds what is missing in the store."""
    missing_programs = [name for name in ("podman", "buildah", "mmdebstrap") if not find_peer(name)]
    if missing_programs:
        print(f"peers: no base images without {', '.join(missing_programs)}", file=sys.stderr)
        return
    BASES_STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="uc-") as folder:
        environ = {**os.environ, **containers_environ(Path(folder), BASES_STORE / "storage")}
        failed = [one.name for one in BASES if not _is_there(one, Path(folder), environ)]
    if failed:
        raise SystemExit(f"peers: these images do not build: {', '.join(failed)}")


def _is_there(one: Base, scratch: Path, environ: dict[str, str]) -> bool:
    """Whether it is in the store, now or already."""
    try:
        _build_if_missing(one, scratch, environ)
    except subprocess.CalledProcessError as error:
        print(f"peers: {one.name}: {error}", file=sys.stderr)
        return False
    return True


def _packages(scratch: Path) -> list[str]:
    """What lets a build install packages: this machine's sources if it is the same Debian, and lists fetched once."""
    apt = scratch / "apt"
    if not apt.exists():
        if _is_same_debian():
            shutil.copytree("/etc/apt", apt)
        else:
            (apt / "apt.conf.d").mkdir(parents=True)
            (apt / "sources.list").write_text(f"deb http://deb.debian.org/debian {_SUITE} main\n")
        (apt / "apt.conf.d" / "99-once").write_text('DPkg::Options:: "--force-unsafe-io";\n')
        for name in ("lists", "archives"):
            (scratch / name / "partial").mkdir(parents=True)
    mounts = {"apt": "/etc/apt", "lists": "/var/lib/apt/lists", "archives": "/var/cache/apt/archives"}
    return [part for name, place in mounts.items() for part in ("--volume", f"{scratch / name}:{place}")]


def _build_if_missing(one: Base, scratch: Path, environ: dict[str, str]) -> None:
    exists = subprocess.run(["podman", "image", "exists", one.image], env=environ, check=False)
    if exists.returncode == 0:
        return
    print(f"peers: building the image {one.name}", flush=True)
    began = time.monotonic()
    context = scratch / one.name
    shutil.copytree(one.recipe, context)
    if not one.of:
        _root_filesystem(context / "rootfs.tar")
    if one.wheels:
        _wheels(one, context)
    for name in base(one.of).names if one.of else ():
        subprocess.run(["podman", "tag", base(one.of).image, name], env=environ, check=True)
    if one.of and not any((scratch / "lists").glob("*Packages*")):
        _update(base("debian").image, scratch, environ)
    command = [
        *("buildah", "build", "--quiet", "--isolation", "chroot", "--pull-never", "--format", "docker"),
        *("--timestamp", _DATE, "--tag", one.image, "--layers=false"),
        *_packages(scratch),
        str(context),
    ]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)
    print(f"peers: built the image {one.name} in {time.monotonic() - began:.0f} s", flush=True)


def _update(image: str, scratch: Path, environ: dict[str, str]) -> None:
    """Fetches the lists of packages."""
    name = subprocess.run(
        ["buildah", "from", "--pull-never", image], env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()
    run = ["buildah", "run", "--isolation", "chroot", *_packages(scratch), name, "--", "apt-get", "update", "-q=2"]
    subprocess.run(run, env=environ, check=True)
    subprocess.run(["buildah", "rm", name], env=environ, check=True, capture_output=True)


def _root_filesystem(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="uc-") as folder:
        options = Path(folder) / "apt.conf"
        sources = Path(folder) / "sources"
        if _is_same_debian():
            dumped = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True)
            options.write_text(dumped.stdout)
            files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.list")]
            deb822 = sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))
            texts = [file.read_text() for file in (deb822 or files) if file.is_file()]
            sources.write_text("\n".join(texts))
        command = [
            *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={_FIRST}"),
            *([f"--aptopt={options}"] if options.exists() else []),
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={path}" for path in _WITHOUT),
            # Nothing of this machine stays, and the image's own list of sources is empty: what is in it is its index.
            '--customize-hook=rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
            '--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
            '--customize-hook=touch "$1"/etc/apt/sources.list',
            '--customize-hook=find "$1"/var/log -type f -delete; rm -f "$1"/etc/resolv.conf "$1"/etc/hostname',
            *(_SUITE, str(target), *([str(sources)] if sources.exists() else [])),
        ]
        subprocess.run(command, env={**os.environ, "SOURCE_DATE_EPOCH": _DATE}, check=True)


def _wheels(one: Base, context: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    chosen = [
        *("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "--no-deps"),
        *("-r", str(context / "requirements.txt")),
    ]
    if one.wheels == "kept":
        target = ["--python-version", "3.11", "--dest", str(context / "wheels")]
        subprocess.run([*pip, "download", *target, *chosen], check=True)
    else:
        subprocess.run([*pip, "install", "--no-compile", "--target", str(context / "site"), *chosen], check=True)


def _is_same_debian() -> bool:
    release = Path("/etc/os-release")
    return release.is_file() and f"VERSION_CODENAME={_SUITE}" in release.read_text() and Path("/etc/apt").is_dir()


if __name__ == "__main__":
    build_bases()
