"""A view of fixes: what is changed, what is left and why, and how to run what comes out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from undercurrent.fleet import Failed
from undercurrent.hardening.fixing import Change, FixPlan, Unfixed
from undercurrent.hardening.model.nouns import Identity
from undercurrent.hardening.runside import (
    RunSide,
    command_line,
    compose_options,
    container_security_context,
    engine_options,
    pod_security_context,
    resources,
)
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Diff, Mood, Report, Text, Tree
from undercurrent.report.unified import unified
from undercurrent.workflows.fixing import Fixes, Rewritten

__all__ = ["Side", "view"]

Side: TypeAlias = Literal["docker", "podman", "compose", "kubernetes"]
"""For what a run side is written."""

_NOT_OF_NAMES: Final = re.compile(r"[^a-z0-9._-]")
_SEPARATORS: Final = re.compile(r"[._-]{2,}")


def view(fixes: Fixes, *, written: bool, side: Side) -> Report:
    """What was found.

    Args:
        fixes: found.
        written: the files were written.
        side: how to run it: ``docker``, ``podman``, ``compose`` or ``kubernetes``.
    """
    blocks: list[Block] = []
    for file in fixes.files:
        blocks += [] if written else [Diff(unified(file.name, file.before, file.after))]
    said: set[str] = set()
    for plan in fixes.plans:
        blocks += [_told(plan)] if plan.changes or plan.hidden or plan.unfixed else []
        running = [text for text in _running(plan, side) if text not in said] if plan.changes else []
        blocks += map(Text, running)
        said.update(running)
    data = {
        "written": written,
        "files": [_file_data(file) for file in fixes.files],
        "images": [_plan_data(plan) for plan in fixes.plans],
        "notRead": [
            {"path": one.key, "code": one.error.code, "reason": one.error.message, "hint": one.error.hint}
            for one in fixes.not_read
        ],
    }
    blocks += [_not_read(one) for one in fixes.not_read]
    left = sum(map(_is_left, fixes.plans))
    ended = left > 0 or (bool(fixes.files) and not written)
    code = failures.exit_code(fixes.not_read, [1] if ended else [])
    return Report("harden-fix", data, blocks, summary=_summary(fixes, left, written=written), exit_code=code)


def _not_read(failed: Failed) -> Tree:
    """Its name once: most messages begin with it."""
    message = failed.error.message
    told = message if failed.key in message else f"{failed.key}: {message}"
    return Tree(Cell(told, "bad"), [Tree(Cell(failed.error.hint, "quiet"))] if failed.error.hint else [])


def _is_left(plan: FixPlan) -> bool:
    """Whether its image is not what it should be after this."""
    return bool(plan.unfixed or plan.hidden)


def _summary(fixes: Fixes, left: int, *, written: bool) -> Cell:
    count = len(fixes.files)
    hidden = sum(1 for plan in fixes.plans if plan.hidden)
    if written:
        done = ngettext("{count} file was written", "{count} files were written", count).format(count=count)
    else:
        done = ngettext("{count} file would change", "{count} files would change", count).format(count=count)
    nothing = _("no safe change") if hidden else _("nothing to change")
    parts = [done if count else nothing]
    if hidden:
        text = ngettext("{count} image waits for --unsafe-fixes", "{count} images wait for --unsafe-fixes", hidden)
        parts.append(text.format(count=hidden))
    if left - hidden > 0:
        text = ngettext("{count} is left, with its reason", "{count} are left, with their reasons", left - hidden)
        parts.append(text.format(count=left - hidden))
    if fixes.not_read:
        text = ngettext("{count} file could not be read", "{count} files could not be read", len(fixes.not_read))
        parts.append(text.format(count=len(fixes.not_read)))
    mood: Mood = "good" if not left and not fixes.not_read and (written or not count) else "unsure"
    return Cell(_("; ").join(parts), mood)


def _told(plan: FixPlan) -> Tree:
    name = plan.image.dockerfile.name
    stage = plan.image.stage.name
    label = _("{path}, stage {stage}").format(path=name, stage=stage) if stage else name
    children = [Tree(Cell(f"✓ {_at(one, name)}{one.what}", "good")) for one in plan.changes]
    left = {f"{_at(one, name)}{one.reason}" for one in plan.unfixed}
    told = [why for change in plan.changes if (why := change.unsafe_because) and why not in left]
    children += [Tree(Cell(f"! {why}", "unsure")) for why in dict.fromkeys(told)]
    children += [_waiting(one, name) for one in plan.hidden]
    children += [Tree(Cell(f"✗ {_at(one, name)}{one.reason}", "bad")) for one in plan.unfixed]
    return Tree(Cell(label, "strong"), children)


def _waiting(change: Change, name: str) -> Tree:
    why = [Tree(Cell(change.unsafe_because, "unsure"))] if change.unsafe_because else []
    return Tree(Cell(f"– {_at(change, name)}{change.what}", "quiet"), why)


def _at(one: Change | Unfixed, name: str) -> str:
    """The line in the file ``name``, or where in another one."""
    if one.path != name:
        return _("{path}, line {line}: ").format(path=one.path, line=one.line)
    return _("line {line}: ").format(line=one.line) if one.line else ""


def _running(plan: FixPlan, side: Side) -> Iterator[str]:
    run = plan.run
    if run is None:
        return
    image = _image_name(plan)
    if side in ("docker", "podman"):
        yield command_line(run, image, engine=side)
        return
    import yaml  # noqa: PLC0415 - only where it is asked for

    documents: Iterable[Mapping[str, Any]]
    if side == "compose":
        documents = [{"services": {image: {"image": image, **compose_options(run, image)}}}]
    else:
        documents = resources(run, image, image)
    yield "---\n".join(yaml.safe_dump(dict(one), sort_keys=False) for one in documents).rstrip("\n")


def _image_name(plan: FixPlan) -> str:
    """What to call it: as its folder is called, in characters that may name an image."""
    parts = plan.image.dockerfile.name.replace("\\", "/").split("/")
    folder = parts[-2] if len(parts) > 1 else ""
    return _SEPARATORS.sub("-", _NOT_OF_NAMES.sub("", folder.lower())).strip("-_.") or "app"


def _file_data(file: Rewritten) -> dict[str, Any]:
    return {"path": file.name, "diff": unified(file.name, file.before, file.after)}


def _plan_data(plan: FixPlan) -> dict[str, Any]:
    return {
        "path": plan.image.dockerfile.name,
        "stage": plan.image.stage.name or plan.image.stage.index,
        "before": str(plan.image.runner.identity),
        "after": str(Identity.ROOTLESS) if plan.changes and plan.run else str(plan.image.runner.identity),
        "changes": list(map(_change_data, plan.changes)),
        "hidden": list(map(_change_data, plan.hidden)),
        "unfixed": [
            {"kind": one.kind, "path": one.path, "line": one.line, "reason": one.reason} for one in plan.unfixed
        ],
        "moved": {str(port): new for port, new in plan.moved.items()},
        "run": _run_data(plan.run, _image_name(plan)) if plan.run else None,
    }


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "path": change.path,
        "line": change.line,
        "what": change.what,
        "safe": change.safe,
        "because": change.unsafe_because,
    }


def _run_data(run: RunSide, image: str) -> dict[str, Any]:
    return {
        "user": run.named_user,
        "ports": [{"outside": one.outside, "inside": one.inside, "protocol": one.protocol} for one in run.ports],
        "tmpfs": [state.path for state in run.tmpfs],
        "volumes": [state.path for state in run.volumes],
        "docker": list(engine_options(run, image)),
        "podman": list(engine_options(run, image, engine="podman")),
        "compose": compose_options(run, image),
        "podSecurityContext": pod_security_context(run),
        "securityContext": container_security_context(run),
    }
