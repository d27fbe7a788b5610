"""A view of a proof: what ran, under which conditions, what was looked at, what is missing."""

from collections.abc import Iterator
from typing import Final

from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.proving import Check, Conditions, FailedCall, Missing, Proof, Verdict, Writable
from undercurrent.hardening.proving.predicate import as_json
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report.model import Block, Cell, Fields, Mood, Report, Table, Text

__all__ = ["view"]

_NAMES: Final = {
    "image-user": N_("the image says so itself"),
    "user": N_("user"),
    "capabilities": N_("capabilities"),
    "no-new-privileges": N_("no new privileges"),
    "seccomp": N_("seccomp filter"),
    "read-only-root": N_("read-only root"),
    "writable-paths": N_("writable paths"),
    "low-ports": N_("ports below {port}"),
    "probe": N_("answer"),
    "stays-up": N_("stays up"),
    "restart": N_("after a restart"),
    "exit-code": N_("exit status"),
    "seen": N_("looked at"),
}


def view(proof: Proof) -> Report:
    """What came of it."""
    good = proof.verdict is Verdict.ROOTLESS
    return Report(
        "harden-prove",
        as_json(proof),
        list(_blocks(proof)),
        summary=Cell(_summary(proof), "good" if good else "bad"),
        exit_code=0 if good else 1,
    )


def _blocks(proof: Proof) -> Iterator[Block]:
    yield Fields(list(_facts(proof)), title=_("Proof"))
    yield Table(
        [_("checked in the running container"), "", _("seen")],
        [[_named(check, proof.conditions), _mark(check), check.seen.shown()] for check in proof.checks],
        squeeze=frozenset({2}),
    )
    if proof.shrunk:
        yield Text(_("it does without {names}").format(names=listed(proof.shrunk)))
    if proof.missing:
        yield Table(
            [_("writable path"), _("as"), _("because")],
            [[one.writable.path, _kind(one), _because(one)] for one in proof.missing],
            title=_("Paths that were missing"),
            squeeze=frozenset({2}),
        )
    if proof.failed_call is not None:
        yield Fields(list(_call(proof.failed_call)), title=_("The call that failed"))
    if proof.needed:
        yield Text(_("as root it runs with {capabilities}").format(capabilities=listed(proof.needed)))
    if proof.lowest_port is not None:
        text = _("it runs without root where anybody may listen from port {port} on: --lowest-port {port}")
        yield Text(text.format(port=proof.lowest_port))
    if proof.said and proof.verdict is not Verdict.ROOTLESS:
        yield Text(_("the container's last words:"), "quiet")
        yield Text(proof.said)


def _facts(proof: Proof) -> Iterator[tuple[str, Cell | str]]:
    yield _("image"), Cell(f"{proof.after.name} {proof.after.manifest or proof.after.id}", "strong")
    if proof.before is not None and proof.before.id != proof.after.id:
        yield _("before"), f"{proof.before.name} {proof.before.manifest or proof.before.id}"
    yield _("run with"), " ".join(_options(proof.conditions))
    yield _("engine"), f"{proof.engine}, {proof.runtime}, Linux {proof.kernel}"
    text = _("{runs} containers, {seconds:.1f} s")
    yield _("took"), text.format(runs=proof.runs, seconds=proof.seconds)


def _options(conditions: Conditions) -> Iterator[str]:
    """As one would type them."""
    yield f"--user {conditions.user}"
    if conditions.read_only:
        yield "--read-only"
    if conditions.capabilities is not None:
        yield "--cap-drop ALL"
        yield from (f"--cap-add {name}" for name in conditions.capabilities)
        yield "--security-opt no-new-privileges"
    if conditions.lowest_port < FIRST_FREE:
        yield f"--sysctl net.ipv4.ip_unprivileged_port_start={conditions.lowest_port}"
    yield from map(_option, conditions.writable)
    yield from (f"--env {name}" for name in conditions.environment)


def _option(one: Writable) -> str:
    options = f":{one.options}" if one.options else ""
    return f"--volume {one.path}" if one.lasting else f"--tmpfs {one.path}{options}"


def _named(check: Check, conditions: Conditions) -> str:
    return _(_NAMES[check.name]).format(port=conditions.lowest_port)


def _mark(check: Check) -> Cell:
    mood: Mood = "good" if check.ok else "bad" if check.needed else "unsure"
    return Cell({"good": "✓", "bad": "✗"}.get(mood, "?"), mood)


def _kind(one: Missing) -> str:
    return _("volume") if one.writable.lasting else "tmpfs"


def _because(one: Missing) -> str:
    parts = [one.caller, one.evidence, one.error]
    text = ": ".join(filter(None, parts))
    if one.hides:
        text += " " + _("(the image has files there: {files})").format(files=listed(one.hides))
    return text


def _call(call: FailedCall) -> Iterator[tuple[str, Cell | str]]:
    if not call.error:
        yield _("its own words"), Cell(call.call, "strong")
        return
    yield _("call"), Cell(call.call, "strong")
    yield _("answer of the kernel"), call.error
    if call.path:
        yield _("path"), call.path
    if call.caller:
        yield _("program"), call.caller
    if call.capability:
        yield _("would take"), call.capability


def _summary(proof: Proof) -> str:
    name, call = proof.after.name, proof.failed_call
    match proof.verdict:
        case Verdict.ROOTLESS:
            return _("; ").join(_proved(proof))
        case Verdict.ROOT:
            return _("{name} needs root").format(name=name) if call is None else _because_of(name, call)
    failed = [_named(check, proof.conditions) for check in proof.checks if check.needed and not check.ok]
    return _("{name} is not proved: {failed}").format(name=name, failed=listed(failed))


def _proved(proof: Proof) -> Iterator[str]:
    name, conditions = proof.after.name, proof.conditions
    if proof.missing:
        text = _("{name} runs without root once these paths are writable: {paths}")
        yield text.format(name=name, paths=listed(_option(one.writable) for one in proof.missing))
    elif conditions.capabilities:
        text = _("{name} runs without root and on a read-only root, with {capabilities}")
        yield text.format(name=name, capabilities=listed(conditions.capabilities))
    else:
        yield _("{name} runs without root, without capabilities and on a read-only root").format(name=name)
    if conditions.lowest_port < FIRST_FREE:
        yield _("anybody may listen from port {port} on there").format(port=conditions.lowest_port)


def _because_of(name: str, call: FailedCall) -> str:
    if not call.error:
        return _("{name} needs root: it says {words}").format(name=name, words=call.call)
    text = _("{name} needs root: {call} fails with {error}")
    return text.format(name=name, call=call.call.partition("(")[0], error=call.error)
