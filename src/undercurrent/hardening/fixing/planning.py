"""Plans the fix of one image: the smallest edits after which its container needs no root, and how to run it.

A safe fix leaves everybody what they have: what is started, from what, under which ports. What is not safe says what
changes and for whom, and waits to be asked for. Nothing is planned where something was not understood.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from undercurrent.hardening.dockerfile import Stage
from undercurrent.hardening.fixing import accounts, children, entering, folders, inserting, ports, refusing
from undercurrent.hardening.fixing.capabilities import drop_setcap
from undercurrent.hardening.fixing.copied import brought
from undercurrent.hardening.fixing.draft import Draft
from undercurrent.hardening.fixing.families import Family, family_of, program_of
from undercurrent.hardening.fixing.families import steps as steps_of
from undercurrent.hardening.fixing.nouns import FixPlan, Situation, Steps, Unfixed, Who
from undercurrent.hardening.model import Context
from undercurrent.hardening.model.nouns import FinalImage, Identity
from undercurrent.hardening.numbers import UID
from undercurrent.hardening.ports import FIRST_FREE, free_ports
from undercurrent.hardening.runside import Published, RunSide
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["Outside", "plan"]

Outside: TypeAlias = Callable[[int, int], str | None]
"""Asked about a port and where it goes: None if no file at hand publishes it; else why it is no safe change, or ""."""


def _nobody(_port: int, _new: int) -> str | None:
    return None


def plan(
    image: FinalImage,
    *,
    uid: int | None = None,
    usual: int = UID,
    unsafe: bool = False,
    context: Context | None = None,
    stages: Sequence[Stage] = (),
    outside: Outside = _nobody,
) -> FixPlan:
    """What is to be done about ``image``.

    Args:
        image: what is known of it.
        uid: whom it is to run as; None for the account that it means, or ``usual``.
        usual: the number where there is nobody better.
        unsafe: also what is not safe.
        context: its build context; files in it are edited, too.
        stages: all stages of the file: those built on this image go on as they were.
        outside: who follows when a port is moved.
    """
    if stopped := tuple(refusing.impossible(image)):
        return FixPlan(image, {}, (), (), stopped, {}, None)
    family = family_of(image)
    who = _who(image, uid, usual, family)
    if who is None:
        reason = _("the number of {user} is not known").format(user=image.runner.text)
        left = Unfixed("unknown-uid", reason, image.dockerfile.name, image.runner.origin.line)
        return FixPlan(image, {}, (), (), (left,), {}, None)
    files, copied = brought(image, context)
    situation = Situation(image, who, files, copied, _wanted(image, family))
    # What runs without root already, and on no low port, has what it needs: only names are to become numbers.
    idle = image.runner.identity is Identity.ROOTLESS and not situation.moved
    steps = Steps() if idle else inserting.unsettled(image, steps_of(family, situation))
    owned = () if idle else folders.owned(image, steps, who)
    doubts = tuple(refusing.doubted(image, known=family is not None))
    if (steps.commands or owned) and not inserting.has_shell(image):
        if steps.commands:
            left = Unfixed(
                "no-shell", _("it has no shell to configure it with"), image.dockerfile.name, image.stage.origin.line
            )
            return FixPlan(image, {}, (), (), (left,), {}, None)
        owned = ()
    draft = Draft(image)
    if image.runner.identity is not Identity.ROOTLESS:
        entering.enter(draft, files)
    stuck = _move(draft, situation, steps, outside)
    situation = replace(situation, moved={port: new for port, new in situation.moved.items() if port not in stuck})
    if not stuck:
        drop_setcap(draft)
    because = steps.doubt or _unsafe(situation, family, doubts)
    inserting.put(draft, situation, steps, owned, because=because)
    if image.runner.identity is not Identity.ROOTLESS:
        children.bracket(draft, stages)
    run = _run(situation, steps, min((*stuck, FIRST_FREE)))
    return _decided(draft, situation, run, doubts, unsafe=unsafe)


def _who(image: FinalImage, uid: int | None, usual: int, family: Family | None) -> Who | None:
    runner = image.runner
    if runner.identity is not Identity.ROOTLESS:
        return accounts.choose(image, uid, usual, family)
    name, _colon, group = runner.text.partition(":")
    if name.isdigit():
        return Who(int(name), int(group) if group.isdigit() else None, own=True)
    if runner.uid:
        return Who(runner.uid, None, own=True)
    known = next((one for one in image.accounts if one.name == name), None)
    return accounts.numbered(image, known, uid or usual, running=True) if known else None


def _wanted(image: FinalImage, family: Family | None) -> Mapping[int, int]:
    low = ports.low_ports(image)
    if not image.ports and family:
        low = tuple(port for port in family.ports if port < FIRST_FREE)
    taken = {port.number for port in image.ports if port.number >= FIRST_FREE}
    fixed = free_ports(low, ())
    # A port that is there already where this one would go to is this one, moved before.
    return {port: fixed[port] if fixed[port] in taken else free_ports([port], taken)[port] for port in low}


def _move(draft: Draft, situation: Situation, steps: Steps, outside: Outside) -> frozenset[int]:
    """Moves the ports that can be moved, and says which cannot."""
    image, moved = situation.image, situation.moved
    mentions, moving = ports.mentioned(image, moved)
    going = moving | steps.moves
    stuck = frozenset(moved) - going
    if stuck:
        mentions, _moving = ports.mentioned(image, {port: new for port, new in moved.items() if port not in stuck})
    draft.edit(mentions)
    for path, edits in steps.edits.items():
        draft.edit(edits, path)
    lines = {port.number: port.origin.line for port in image.ports if port.origin.what == image.dockerfile.name}
    for port in sorted(going & moved.keys()):
        if not (mentions or steps.commands or steps.edits or steps.environment):
            continue  # it was moved before
        what = _("port {port} becomes {new}, which everybody may listen on").format(port=port, new=moved[port])
        whom = _("publish it as {port}:{new}, not {port}:{port}; what calls it directly has to use {new}")
        because = outside(port, moved[port])
        if because is None:
            because = whom.format(port=port, new=moved[port])
        draft.change("port", what, lines.get(port, image.stage.origin.line), because=because)
    for port in sorted(stuck):
        text = _("port {port}: nothing that can be changed here says it; the program has to listen on {new}")
        line = lines.get(port, image.stage.origin.line)
        draft.leave("port", text.format(port=port, new=moved[port]), line)
    return stuck


def _unsafe(situation: Situation, family: Family | None, doubts: Sequence[Unfixed]) -> str:
    """Why another user is no safe change; empty if it is."""
    image = situation.image
    if doubts:
        return doubts[0].reason
    if family is None and not refusing.is_own(image, situation.copied):
        text = _("how {program} behaves without root is not known here: prove it")
        return text.format(program=program_of(image) or image.base_name)
    if image.volumes and not situation.who.own:
        paths = [state.path for state in folders.lasting(image, Steps())]
        if paths:
            text = _("what is on volumes for {paths} already belongs to root, and has to be given to {uid} once")
            return text.format(paths=listed(paths), uid=situation.who.uid)
    return ""


def _run(situation: Situation, steps: Steps, lowest: int) -> RunSide:
    image, moved = situation.image, situation.moved
    before = {new: port for port, new in moved.items()}
    listened = {moved.get(port.number, port.number): port for port in image.ports}
    published = tuple(Published(before.get(at, at), at, port.protocol) for at, port in sorted(listened.items()))
    who = situation.who
    return RunSide(
        who.uid,
        who.gid,
        ports=published or tuple(Published(port, new) for port, new in sorted(moved.items())),
        tmpfs=folders.passing(image, steps),
        volumes=folders.lasting(image, steps),
        lowest_port=lowest,
    )


def _decided(draft: Draft, situation: Situation, run: RunSide, doubts: tuple[Unfixed, ...], *, unsafe: bool) -> FixPlan:
    """All of it, or what is safe of it: an image that begins as root is fixed whole, or not at all."""
    image, changes = draft.image, tuple(draft.changes)
    edits = {path: tuple(sorted(made)) for path, made in draft.edits.items() if made}
    unfixed = tuple(draft.unfixed)
    risky = any(not change.safe for change in changes)
    blocked = any(one.kind in ("entrypoint", "account") for one in unfixed)
    root = image.runner.identity is not Identity.ROOTLESS
    doubts = doubts if root else ()
    if blocked or (unfixed and root and not unsafe):
        return FixPlan(image, {}, (), () if blocked else changes, (*unfixed, *doubts), {}, None)
    if unsafe or not risky:
        return FixPlan(
            image, edits, changes, (), (*unfixed, *(doubts if not changes else ())), dict(situation.moved), run
        )
    if root:
        return FixPlan(image, {}, (), changes, (*unfixed, *doubts), {}, None)
    as_it_is = replace(situation, moved={})
    run = _run(as_it_is, Steps(), min((*ports.low_ports(image), FIRST_FREE)))
    alone = Draft(image)
    inserting.put(alone, as_it_is, Steps(), (), because="")
    kept = {path: tuple(sorted(made)) for path, made in alone.edits.items() if made}
    if any(not change.safe for change in alone.changes):
        return FixPlan(image, {}, (), changes, unfixed, {}, run)
    hidden = tuple(change for change in changes if change not in alone.changes)
    return FixPlan(image, kept, tuple(alone.changes), hidden, unfixed, {}, run)
