"""Why something does not run without root: does it as root, and which call does it end at?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.proving.judging import serves
from undercurrent.hardening.proving.missing import covering
from undercurrent.hardening.proving.nouns import Conditions, FailedCall, Verdict
from undercurrent.hardening.proving.probes import Probe
from undercurrent.hardening.proving.running import Run
from undercurrent.hardening.proving.searching import Found
from undercurrent.hardening.proving.shrinking import smallest
from undercurrent.hardening.proving.trial import Trial

__all__ = ["ENGINES_CHOICE", "Why", "call_in_log", "deciding", "explained"]

_ROOT: Final = "0:0"
ENGINES_CHOICE: Final = (
    *("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP"),
    *("CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT", "CAP_NET_RAW", "CAP_MKNOD", "CAP_AUDIT_WRITE"),
)
"""What Docker lets root have: https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities"""
_REFUSED: Final = re.compile(
    r"operation not permitted|permission denied|must be (?:run as |started as )?(?:root|superuser)|\bEPERM\b|\bEACCES\b"
    r"|read-only file system|are you root|requires? root|not root",
    re.IGNORECASE,
)

_FILE: Final = re.compile(r"(?<![\w.:/-])/[\w.@%+-]+.*(?:permission denied|read-only file system)", re.IGNORECASE)
_PORT: Final = re.compile(r"htons\((\d+)\)")
_ANY_FILE: Final = ("CAP_DAC_OVERRIDE", "CAP_FOWNER")


@dataclass(frozen=True, slots=True)
class Why:
    """What came of it.

    Attributes:
        verdict: root, if it serves as root and not without; else that it failed.
        call: the call that it ends at.
        needed: capabilities with which it serves as root; None if that was not found.
        lowest_port: it serves without root where anybody may listen from this port on; None if it does not.
    """

    verdict: Verdict
    call: FailedCall | None = None
    needed: tuple[str, ...] | None = None
    lowest_port: int | None = None


async def explained(trial: Trial, seen: Run, found: Found, added: tuple[str, ...] = (), *, shrink: bool = False) -> Why:
    """Tries it as root, under conditions that are the same for the rest.

    The verdict is never taken from a message or a call alone: it needs root if it serves as root, and does not as
    somebody else, both with a read-only root or both without, and if more than other people's files is at issue.
    """
    call = deciding(found.refused, seen.conditions) or call_in_log(seen)
    as_root = replace(seen.conditions, user=_ROOT, capabilities=None, added=added)
    if not await _serves(trial, as_root):
        free = replace(as_root, read_only=False)
        if not await _serves(trial, free) or await _serves(trial, replace(seen.conditions, read_only=False)):
            return Why(Verdict.FAILED, call)
        as_root = free
    if _about_files(call) and await _serves(trial, replace(as_root, capabilities=_ANY_FILE)):
        # Who owns the files is a matter of the image, and needs no root to run.
        return Why(Verdict.FAILED, call)
    for port in _low_ports(found.refused, trial.probe):
        if port < seen.conditions.lowest_port and await _serves(trial, replace(seen.conditions, lowest_port=port)):
            return Why(Verdict.ROOT, call, ("CAP_NET_BIND_SERVICE",), port)
    return Why(Verdict.ROOT, call, await _needed(trial, as_root, found.refused, shrink=shrink))


def _low_ports(refused: Sequence[FailedCall], probe: Probe) -> Iterator[int]:
    """From which port on anybody would have to be allowed to listen: the lowest that it is known to want, or any."""
    ports = [int(found[1]) for call in refused if call.call.startswith("bind(") and (found := _PORT.search(call.call))]
    ports += [probe.port] if probe.port is not None else []
    lowest = min((port for port in ports if 0 < port < FIRST_FREE), default=1)
    yield lowest
    if lowest > 1:
        yield 1


def _about_files(call: FailedCall | None) -> bool:
    if call is None:
        return False
    if not call.error:
        return _FILE.search(call.call) is not None
    return bool(call.path) and call.error in ("EACCES", "EROFS") and call.capability in ("", "CAP_DAC_OVERRIDE")


async def _serves(trial: Trial, conditions: Conditions) -> bool:
    seen = await trial.run(conditions, "root" if conditions.user == _ROOT else "free")
    return serves(seen, trial.before, trial.probe)


async def _needed(
    trial: Trial, as_root: Conditions, refused: Sequence[FailedCall], *, shrink: bool
) -> tuple[str, ...] | None:
    """Capabilities with which root can do it: those of the calls that were refused, or the fewest of all."""
    allowed = (*ENGINES_CHOICE, *as_root.added)
    of_calls = tuple(sorted({call.capability for call in refused if call.capability in allowed}))

    async def suffices(some: Sequence[str]) -> bool:
        return await _serves(trial, replace(as_root, capabilities=tuple(some)))

    if not shrink:
        return of_calls if await suffices(of_calls) else None
    first = of_calls if of_calls and await suffices(of_calls) else allowed
    if first == allowed and not await suffices(first):
        return None
    return await smallest(first, suffices)


def deciding(refused: Sequence[FailedCall], conditions: Conditions) -> FailedCall | None:
    """The call that it most likely ended at: the last one that wants a capability, else the last one of all."""
    calls = [call for call in refused if call.error != "ENOENT"]
    outside = [
        call for call in calls if not (call.path and covering(conditions.writable, call.path)) or call.capability
    ]
    able = [call for call in outside if call.capability and call.capability != "CAP_DAC_OVERRIDE"]
    return next((some[-1] for some in (able, outside, calls) if some), None)


def call_in_log(seen: Run) -> FailedCall | None:
    """The last line in which the program says that something was refused: its word, where no call was traced."""
    for line in reversed((seen.error or seen.said).splitlines()):
        if _REFUSED.search(line):
            return FailedCall(line.strip()[:300], "")
    return None
