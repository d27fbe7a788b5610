"""Programs: what each is for here, how it says its version, and which package brings it."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from undercurrent.errors import MissingTool
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.sbom.syft import bundled_syft, find_syft
from undercurrent.workflows.doctor.capability import Capability, Machine, Probe, System, run_program

__all__ = ["PROGRAMS", "Program", "program_probes"]

_ANSWER_S: Final = 5.0
_SERVER_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where distributions keep servers and runc; a user's PATH may lack them."""
_OUR_FOLDER: Final = str(Path(sys.executable).parent)
_VERSION: Final = re.compile(r"\d+\.\d+[\w.+~-]*")
_INSTALLERS: Final[Mapping[System, str]] = {
    "debian": "apt-get install {package}",
    "ubuntu": "apt-get install {package}",
    "fedora": "dnf install {package}",
    "alpine": "apk add {package}",
    "macos": "brew install {package}",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that may be on the PATH.

    Attributes:
        name: what it is called here.
        enables: what it is for, English.
        url: how to install it where no package brings it.
        packages: names by system; what holds for Debian holds for Ubuntu, unless that has its own.
        command: what it is called on the PATH, where that is not its name.
        ask: arguments that make it say its version.
        planned: see Capability.
        linux_only: whether it runs nowhere else.
        beside_python: whether it is also used where pip has put it into the environment that this runs in.
    """

    name: str
    enables: str
    url: str
    packages: Mapping[System, str] = field(default_factory=dict)
    command: str = ""
    ask: tuple[str, ...] = ("--version",)
    planned: bool = False
    linux_only: bool = False
    beside_python: bool = False

    def install_line(self, machine: Machine) -> str:
        """What brings it to ``machine``."""
        if self.linux_only and not machine.linux:
            return _("runs on Linux only")
        package = self.packages.get(machine.system) or (
            self.packages.get("debian") if machine.system == "ubuntu" else None
        )
        if package is None:
            return _("see {url}").format(url=self.url)
        return _INSTALLERS[machine.system].format(package=package)

    async def probe(self, machine: Machine) -> Capability:
        """Whether it is here, and which."""
        folders = [*os.get_exec_path(dict(machine.environ)), *_SERVER_FOLDERS]
        folders += [_OUR_FOLDER] if self.beside_python else []
        path = shutil.which(self.command or self.name, path=os.pathsep.join(folders))
        version = await self._version(path) if path else ""
        install = "" if path else self.install_line(machine)
        return Capability(self.name, "program", bool(path), version, path or "", self.enables, install, self.planned)

    async def _version(self, path: str) -> str:
        answer = await run_program([path, *self.ask], timeout_s=_ANSWER_S)
        found = _VERSION.search(answer[1]) if answer and answer[0] == 0 else None
        return found.group() if found else ""


def _everywhere(package: str) -> Mapping[System, str]:
    return {"debian": package, "fedora": package, "alpine": package, "macos": package}


PROGRAMS: Final = (
    Program(
        "cosign",
        N_("checks with another tool what uc has signed; uc needs it for nothing"),
        "https://docs.sigstore.dev/cosign/system_config/installation/",
        {"alpine": "cosign", "macos": "cosign"},
        ask=("version", "--json"),
    ),
    Program(
        "podman",
        N_("builds and runs images without a daemon and without root: uc harden prove; uc reads its images"),
        "https://podman.io/docs/installation",
        _everywhere("podman"),
    ),
    Program(
        "docker",
        N_("builds and runs images: uc harden prove; uc reads its images"),
        "https://docs.docker.com/engine/install/",
        {"debian": "docker.io", "fedora": "moby-engine", "alpine": "docker", "macos": "--cask docker"},
    ),
    Program(
        "buildah",
        N_("builds images in pipelines, without a daemon and without root; uc needs it for nothing"),
        "https://github.com/containers/buildah/blob/main/install.md",
        {"debian": "buildah", "fedora": "buildah", "alpine": "buildah"},
        linux_only=True,
    ),
    Program(
        "skopeo",
        N_("copies images by hand between registries, folders and archives, all of which uc reads"),
        "https://github.com/containers/skopeo/blob/main/install.md",
        _everywhere("skopeo"),
    ),
    Program(
        "git",
        N_("fetches a repository to look at: uc harden audit --git"),
        "https://git-scm.com/downloads",
        _everywhere("git"),
    ),
    Program(
        "strace",
        N_("names the call that the kernel refused: uc harden prove"),
        "https://strace.io",
        {"debian": "strace", "fedora": "strace", "alpine": "strace"},
        linux_only=True,
    ),
    Program(
        "hadolint",
        N_("finds what else is wrong in Dockerfiles, which uc harden audit takes in"),
        "https://github.com/hadolint/hadolint#install",
        {"macos": "hadolint"},
        beside_python=True,
    ),
    Program(
        "runc",
        N_("starts the containers of podman and docker, which may have another one"),
        "https://github.com/opencontainers/runc",
        {"debian": "runc", "fedora": "runc", "alpine": "runc"},
        linux_only=True,
    ),
    Program(
        "runsc",
        N_("runs an image on a kernel of its own in user space (gVisor)"),
        "https://gvisor.dev/docs/user_guide/install/",
        {"debian": "runsc"},
        planned=True,
        linux_only=True,
    ),
    Program(
        "firecracker",
        N_("runs an image in a microVM"),
        "https://github.com/firecracker-microvm/firecracker/releases",
        planned=True,
        linux_only=True,
    ),
    Program(
        "kubectl",
        N_("renders kustomizations where kustomize is not there: uc harden audit, uc harden manifests"),
        "https://kubernetes.io/docs/tasks/tools/",
        {"debian": "kubernetes-client", "ubuntu": "kubectl", "alpine": "kubectl", "macos": "kubernetes-cli"},
        ask=("version", "--client"),
    ),
    Program(
        "kustomize",
        N_("renders kustomizations: uc harden audit, uc harden manifests"),
        "https://kubectl.docs.kubernetes.io/installation/kustomize/",
        {"alpine": "kustomize", "macos": "kustomize"},
        ask=("version",),
    ),
    Program(
        "helm",
        N_("renders charts: uc harden audit, uc harden manifests"),
        "https://helm.sh/docs/intro/install/",
        {"fedora": "helm", "alpine": "helm", "macos": "helm"},
        ask=("version", "--short"),
    ),
    Program(
        "prometheus",
        N_("keeps the measurements in which leaks are found"),
        "https://prometheus.io/download/",
        {
            "debian": "prometheus",
            "fedora": "golang-github-prometheus",
            "alpine": "prometheus",
            "macos": "prometheus",
        },
        planned=True,
    ),
)
"""All of them but syft, which is found another way, and qemu, whose name depends on the machine."""

_QEMU_PACKAGES: Final = {"x86_64": "qemu-system-x86", "aarch64": "qemu-system-arm", "arm64": "qemu-system-arm"}


def _qemu(machine: Machine) -> Program:
    architecture = "aarch64" if machine.architecture == "arm64" else machine.architecture
    packages: dict[System, str] = {"alpine": f"qemu-system-{architecture}", "macos": "qemu"}
    if package := _QEMU_PACKAGES.get(machine.architecture):
        packages |= {"debian": package, "fedora": package}
    return Program(
        "qemu",
        N_("runs a microVM where there is no /dev/kvm, and images of other platforms"),
        "https://www.qemu.org/download/",
        packages,
        command=f"qemu-system-{architecture}",
        planned=True,
    )


async def _probe_qemu(machine: Machine) -> Capability:
    return await _qemu(machine).probe(machine)


async def _probe_syft(machine: Machine) -> Capability:
    enables = N_("lists what is in an image: uc image sbom, uc image sign --sbom")
    try:
        found = await find_syft(machine.environ.get("PATH"))
    except MissingTool as error:
        return Capability("syft", "program", False, "", "", enables, error.hint)
    version = _("{version}, bundled").format(version=found.version) if found == bundled_syft() else found.version
    return Capability("syft", "program", True, version, str(found.path), enables, "")


def program_probes() -> tuple[Probe, ...]:
    """One for each program."""
    return (_probe_syft, *(program.probe for program in PROGRAMS), _probe_qemu)
