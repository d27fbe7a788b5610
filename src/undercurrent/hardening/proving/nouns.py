"""The nouns of a proof: under which conditions something ran, what was seen of it, what it lacked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from undercurrent.hardening.proving.seen import Seen

__all__ = ["Answer", "Built", "Check", "Conditions", "FailedCall", "Missing", "Proof", "Verdict", "Writable"]


class Verdict(StrEnum):
    """How a proof ended."""

    ROOTLESS = "rootless"
    """It ran without root, without capabilities, on a read-only root file system, and answered as before."""
    ROOT = "root"
    """It runs as root, and not without."""
    FAILED = "failed"
    """It does not run under these conditions, and what was tried does not tell why."""


@dataclass(frozen=True, slots=True, order=True)
class Writable:
    """A path that may be written to.

    Attributes:
        path: absolute.
        lasting: a volume, which begins with what the image has there; else a tmpfs, which begins empty.
        options: of the tmpfs, beside the usual ones: ``exec``, ``size=16m`` …
    """

    path: str
    lasting: bool = False
    options: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which conditions the image is to run.

    Attributes:
        user: as ``--user`` takes it: ``10001:10001``; empty for the image's own.
        writable: declared paths.
        environment: variables; None takes the value that this process has.
        capabilities: those that are added again after all were dropped: ``CAP_CHOWN`` … None for the engine's own
            choice, with root as it may be.
        added: capabilities beside the engine's own choice.
        read_only: whether the root file system is.
        network: name of the engine's network.
        command: arguments in place of the image's CMD.
        entrypoint: in place of the image's; None leaves it.
        lowest_port: the lowest port that anybody may bind: 1024 as in Kubernetes; engines leave it at 0.
    """

    user: str = ""
    writable: tuple[Writable, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    capabilities: tuple[str, ...] | None = ()
    added: tuple[str, ...] = ()
    read_only: bool = True
    network: str = "none"
    command: tuple[str, ...] = ()
    entrypoint: str | None = None
    lowest_port: int = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe was told.

    Attributes:
        ok: there was an answer, and it is no error of a server.
        seen: ``200 text/html 612 bytes``.
        parts: what is compared with another answer, by name.
        error: why there is none.
        steady: the same question got the same answer twice, so that the whole of it can be compared.
    """

    ok: bool
    seen: Seen = field(default_factory=Seen)
    parts: Mapping[str, str] = field(default_factory=dict)
    error: Seen = field(default_factory=Seen)
    steady: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at in the running container.

    Attributes:
        name: kebab-case: ``user``, ``capabilities`` …
        ok: it is as it should be.
        seen: what was seen.
        needed: a proof fails without it.
    """

    name: str
    ok: bool
    seen: Seen
    needed: bool = True


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A system call that the kernel refused.

    Attributes:
        call: as strace writes it: ``bind(3, {sa_family=AF_INET, sin_port=htons(80) …}, 16)``.
        error: ``EACCES`` …
        path: what it was about, absolute; empty if no path.
        caller: the program that made it.
        capability: what would allow it; empty if none is known to.
        times: how often it was made.
    """

    call: str
    error: str
    path: str = ""
    caller: str = ""
    capability: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Missing:
    """A path that should be writable, and is not.

    Attributes:
        writable: what is proposed.
        source: who says so: ``call``, ``diff``, ``log``.
        error: what the kernel said: ``EROFS`` …; empty if nobody asked it.
        evidence: the call, the line of the log, or the file that was written before.
        caller: the program that wanted to write; empty where nobody knows.
        hides: files of the image that a tmpfs would hide there, some of them.
    """

    writable: Writable
    source: str
    error: str = ""
    evidence: str = ""
    caller: str = ""
    hides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """An image that a proof is about.

    Attributes:
        id: the digest of its configuration.
        manifest: the digest of its manifest as the engine knows it; empty if it knows none.
        name: what it is called, or the file that it was built from.
        user: of its configuration.
        volumes: of its configuration.
        ports: of its configuration: ``8080/tcp``.
        repositories: digests by which registries know it: ``ghcr.io/acme/app@sha256:…``.
        built: it was built for this proof, and goes when that ends.
    """

    id: str
    manifest: str = ""
    name: str = ""
    user: str = ""
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    built: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it.

    Attributes:
        verdict: how it ended.
        after: the image that was to run without root.
        before: what it was compared with; None for nothing.
        conditions: under which it ran in the end, proposals included.
        checks: what was looked at.
        missing: paths that were missing, and are among the conditions now if that helped.
        refused: calls that the kernel refused, where they were traced.
        failed_call: the one that it ends at.
        needed: of a verdict of root, capabilities with which it runs as root, a small set; None if that was not found.
        lowest_port: likewise, it runs without root where anybody may listen from this port on; None if that does not
            help.
        shrunk: paths and capabilities that were declared or proposed, and that it does without; None if not tried.
        kernel, engine, runtime: names and versions.
        said: the last lines of the container that failed.
        runs: how many containers it took.
        seconds: how long it took.
    """

    verdict: Verdict
    after: Built
    before: Built | None
    conditions: Conditions
    checks: tuple[Check, ...]
    missing: tuple[Missing, ...] = ()
    refused: tuple[FailedCall, ...] = ()
    failed_call: FailedCall | None = None
    needed: tuple[str, ...] | None = None
    lowest_port: int | None = None
    shrunk: tuple[str, ...] | None = None
    kernel: str = ""
    engine: str = ""
    runtime: str = ""
    said: str = ""
    runs: int = 0
    seconds: float = 0.0
