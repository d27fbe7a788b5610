"""One run of an image: it is started, asked, looked at, watched, started again."""

import asyncio
import errno
import hashlib
import json
import re
import sys
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from undercurrent.errors import CouldNotCheck, TimedOut
from undercurrent.hardening.proving import procfs, reaching
from undercurrent.hardening.proving.checks import Observation, merged
from undercurrent.hardening.proving.containers import Container, State, container, ends
from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.nouns import Answer, Conditions, FailedCall
from undercurrent.hardening.proving.probes import NOTHING, Probe
from undercurrent.hardening.proving.seen import Seen, Value
from undercurrent.hardening.proving.tracing import tracing
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.processes import call, shortened

__all__ = ["EXIT", "PLAIN", "Manner", "Patience", "Run", "run"]

_Result = TypeVar("_Result")
_LOOK_S: Final = 0.1
_STOP_S: Final = 2
_ONE_ANSWER_S: Final = 5.0
EXIT: Final = N_("exit {code}")
"""How it is said that something ended by itself."""
_ENDED: Final = N_("it ended before it answered")
_OF_REACHING: Final = (N_("closed without an answer"), N_("timed out"))
"""What `reaching` says, for translators, beside `SYSTEM_REASONS`."""
_OF_THE_RUNTIME: Final = re.compile(r"(?:runc|youki|crun)\b.*INIT|crun$|libcrun")
"""What a runtime calls the process that is to become the program."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited.

    Attributes:
        start_s: for the first answer.
        stay_s: that it has to stay up after that.
        end_s: for a program to do its work and end, where nothing is asked of it.
    """

    start_s: float = 30.0
    stay_s: float = 2.0
    end_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Manner:
    """What is done with a container, beside asking it.

    Attributes:
        restart: it is stopped and started once more.
        trace: calls that the kernel refuses are noted, which takes strace, and makes it slower.
        hold: likewise, and it is held for a moment at its first instruction, so that it can be looked at.
        to_the_end: a program that is asked nothing gets the time to do its work and end.
        compare: the engine tells which files it wrote, for which it reads large images whole.
    """

    restart: bool = False
    trace: bool = False
    hold: bool = False
    to_the_end: bool = False
    compare: bool = False


PLAIN: Final = Manner()


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one container.

    Attributes:
        conditions: under which it ran.
        answer: to the probe.
        seen: what the kernel said of its processes; None if it was gone too fast.
        exit_code: None if it was running to the end.
        stayed: it did not end by itself while it was watched.
        again: the answer after it was started again; None if that was not tried.
        said: its last words.
        written: paths of the root file system that it added or changed, if that was asked.
        refused: calls that the kernel refused, if they were traced.
        error: why it could not be started.
    """

    conditions: Conditions
    answer: Answer
    seen: Observation | None = None
    exit_code: int | None = None
    stayed: bool = False
    again: Answer | None = None
    said: str = ""
    written: tuple[str, ...] = ()
    refused: tuple[FailedCall, ...] = ()
    error: str = ""

    @property
    def ended(self) -> bool:
        """It ended by itself."""
        return self.exit_code is not None


async def run(
    engine: Engine,
    image: str,
    conditions: Conditions,
    probe: Probe,
    patience: Patience,
    *,
    role: str,
    manner: Manner = PLAIN,
) -> Run:
    """Runs ``image``, and tells what was seen.

    Args:
        engine: who runs it.
        image: its id.
        conditions: under which it runs.
        probe: what it is asked; without a question, a program may also do its work and end.
        patience: how long is waited.
        role: part of the container's name.
        manner: what is done with it.

    Raises:
        CouldNotCheck: the engine does not do its part.
        MissingTool: there is no strace.
    """
    async with container(engine, image, conditions, role) as made:
        async with tracing(made, wanted=manner.trace or manner.hold, hold=manner.hold) as traced:
            started = await made.start()
            if started.code != 0:
                seen = Run(conditions, Answer(ok=False, error=Seen(started.said)), error=started.said)
            else:
                seen = await _watched(made, conditions, probe, patience, to_the_end=manner.to_the_end)
            refused = traced.refused()
        if manner.restart and seen.answer.ok and not seen.ended:
            again, later = await _again(made, probe, patience)
            seen = replace(seen, again=again, seen=merged(one for one in (seen.seen, later) if one is not None))
        said, written = await asyncio.gather(made.logs(), made.written() if manner.compare else _nothing())
        return replace(seen, said=shortened(said), written=written, refused=refused)


async def _nothing() -> tuple[str, ...]:
    return ()


async def _watched(
    made: Container, conditions: Conditions, probe: Probe, patience: Patience, *, to_the_end: bool
) -> Run:
    state = await made.state()
    if not state.runs:
        return _over(conditions, state)
    _own(made, state)
    looks = [_look(state.pid)]
    if probe.kind in ("none", "exit"):
        gone = await _looking_until_end(state.pid, patience.end_s if to_the_end else patience.stay_s, looks)
        answer, port_start = await _asked(made, state.pid, probe, patience) if not gone else (Answer(ok=True), None)
    else:
        answered = await _unless_gone(state.pid, _asked(made, state.pid, probe, patience))
        gone = answered is None
        answer, port_start = answered or (Answer(ok=False, error=Seen(_ENDED)), None)
        gone = gone or (answer.ok and await _looking_until_end(state.pid, patience.stay_s, looks))
    if not gone:
        looks.append(_look(state.pid, settled=True))
    seen = merged([*(one for one in looks if one is not None), Observation((), (), port_start)])
    run_ = Run(conditions, answer, seen if seen.processes else None, stayed=not gone)
    if not gone:
        return run_
    over = _over(conditions, await _ended(made))
    return replace(run_, exit_code=over.exit_code, error=over.error)


def _own(made: Container, state: State) -> None:
    if state.pid and _there(state.pid) and not made.owns(state.pid):
        raise CouldNotCheck(
            _("the container's process {pid} is not on this machine").format(pid=state.pid),
            hint=_("run this on the machine where the containers run, and not inside of a container"),
        )


def _there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _over(conditions: Conditions, state: State) -> Run:
    answer = Answer(ok=False, error=Seen(state.error) or Seen(EXIT, {"code": state.exit_code}))
    return Run(conditions, answer, exit_code=state.exit_code, error=state.error)


async def _ended(made: Container) -> State:
    """Its state when the engine too knows that it has ended."""
    state = await made.state()
    for _turn in range(50):
        if not state.runs:
            break
        await asyncio.sleep(_LOOK_S)
        state = await made.state()
    return state


def _look(pid: int, *, settled: bool = False) -> Observation | None:
    """What the kernel says now; None if the process is gone, or still the runtime's.

    A runtime makes the process, which becomes the program only later, and likewise for what is executed in the
    container: until then it has the runtime's rights. Once it has ``settled`` there is nothing of that any more, and
    whoever still calls itself so is looked at like all others.
    """
    try:
        processes = procfs.processes(pid)
        mounts = procfs.mounts(pid)
    except (ProcessLookupError, FileNotFoundError):
        return None
    except OSError as error:
        if error.errno == errno.EINVAL:  # what mountinfo says of a process that is just ending
            return None
        raise CouldNotCheck(
            _("the container's process {pid} cannot be looked at: {reason}").format(
                pid=pid, reason=system_reason(error)
            ),
            hint=_("run this as root"),
        ) from error
    if not settled:
        if _OF_THE_RUNTIME.match(processes[0].name):
            return None
        processes = tuple(one for one in processes if not _OF_THE_RUNTIME.match(one.name))
    return Observation(processes, mounts)


async def _looking_until_end(pid: int, within_s: float, looks: list[Observation | None]) -> bool:
    """Whether ``pid`` ends within so many seconds; it is looked at now and then, most often at first."""
    deadline, pause = time.monotonic() + within_s, _LOOK_S
    while (left := deadline - time.monotonic()) > 0:
        if await ends(pid, min(left, pause)):
            return True
        looks.append(_look(pid))
        pause *= 1.5
    return False


async def _unless_gone(pid: int, work: "Awaitable[_Result]") -> _Result | None:
    """What ``work`` returns; None if process ``pid`` ends before."""
    asking = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(ends(pid, float("inf")))
    try:
        await asyncio.wait((asking, watching), return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        for task in (asking, watching):
            task.cancel()
        await asyncio.gather(asking, watching, return_exceptions=True)


async def _asked(made: Container, pid: int, probe: Probe, patience: Patience) -> tuple[Answer, int | None]:
    """The answer, and the first port that needs no capability."""
    answer, port_start = await _through_network(pid, probe if probe.kind in ("http", "tcp") else NOTHING, patience)
    if probe.kind != "exec":
        return answer, port_start
    deadline = time.monotonic() + patience.start_s
    while not (answer := await _executed(made, probe, patience)).ok and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)  # only the program itself knows when it is ready
    if answer.ok:
        again = await _executed(made, probe, patience)
        answer = replace(answer, steady=again.parts == answer.parts)
    return answer, port_start


async def _through_network(pid: int, probe: Probe, patience: Patience) -> tuple[Answer, int | None]:
    question = {
        "pid": pid,
        "kind": probe.kind,
        "port": probe.port,
        "path": probe.path,
        "send": probe.send.hex(),
        "wait": patience.start_s,
        "patience": _ONE_ANSWER_S,
    }
    program = (sys.executable, "-I", "-S", str(Path(reaching.__file__)))
    ran = await call(
        *program, timeout_s=patience.start_s + 4 * _ONE_ANSWER_S, stdin=json.dumps(question).encode(), environ={}
    )
    try:
        told: dict[str, Any] = json.loads(ran.out)
    except ValueError:
        if not _there(pid):
            return Answer(ok=False, error=Seen(_ENDED)), None
        raise CouldNotCheck(
            _("the container's network cannot be entered: {reason}").format(reason=ran.said.rpartition("\n")[2])
        ) from None
    port_start = int(told.pop("port_start"))
    return _answer(told), port_start


def _answer(told: Mapping[str, Any]) -> Answer:
    """What `reaching` said, which imports nothing of ours."""
    answer = Answer(told["ok"], parts=told["parts"], error=Seen(told["error"]), steady=told["steady"])
    match told["seen"]:
        case {"status": status, "type": kind, "bytes": size}:
            text = N_("{status} {type} {bytes} bytes") if kind else N_("{status} {bytes} bytes")
            return replace(answer, seen=Seen(text, {"status": status, "type": kind, "bytes": size}))
        case {"bytes": size, "begins": begins}:
            return replace(answer, seen=Seen(N_("{bytes} bytes {begins}"), {"bytes": size, "begins": begins}))
        case {"connected": True}:
            return replace(answer, seen=Seen(N_("connected")))
    return answer


async def _executed(made: Container, probe: Probe, patience: Patience) -> Answer:
    try:
        ran = await made.execute(*probe.command, timeout_s=patience.start_s)
    except TimedOut:
        return Answer(ok=False, error=Seen(N_("no answer within {seconds:g} s"), {"seconds": patience.start_s}))
    output = hashlib.sha256(ran.stdout).hexdigest()
    told: dict[str, Value] = {"code": ran.code, "bytes": len(ran.stdout)}
    parts = {"code": str(ran.code), "output": f"sha256:{output}"}
    if ran.code == 0:
        return Answer(ok=True, seen=Seen(N_("exit {code}, {bytes} bytes"), told), parts=parts)
    return Answer(ok=False, parts=parts, error=Seen(N_("exit {code}: {said}"), {"code": ran.code, "said": ran.said}))


async def _again(made: Container, probe: Probe, patience: Patience) -> tuple[Answer, Observation | None]:
    started = await made.restart(_STOP_S)
    if started.code != 0:
        return Answer(ok=False, error=Seen(started.said)), None
    state = await made.state()
    if not state.runs:
        return Answer(ok=False, error=Seen(EXIT, {"code": state.exit_code})), None
    answered = await _unless_gone(state.pid, _asked(made, state.pid, probe, patience))
    if answered is None:
        return Answer(ok=False, error=Seen(_ENDED)), None
    look = None
    with suppress(CouldNotCheck):
        look = _look(state.pid)
    return answered[0], look
