"""A view of patched manifests: the difference, what stays as it is and why, what charts and kustomizations need."""

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any

from undercurrent.hardening.manifests.patched import PatchedFile
from undercurrent.hardening.manifests.patching import Unfixed
from undercurrent.hardening.manifests.podsecurity import Violation
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Diff, Mood, Report, Text, Tree
from undercurrent.report.unified import unified
from undercurrent.workflows.manifests import Patched, Rendered

__all__ = ["view"]


def view(patched: Patched) -> Report:
    """What is, or would be, changed."""
    changed = [file for file in patched.files if file.after != file.before]
    left = [reason for file in patched.files for reason in file.unfixed]
    left_rendered = [found for one in patched.rendered for found in one.left]
    wanted = left or left_rendered or any(one.violations for one in patched.rendered)
    codes = [1] if wanted or (changed and not patched.written) else []
    return Report(
        "harden-manifests",
        {
            "written": patched.written,
            "files": [_file_data(file) for file in patched.files],
            "rendered": [_rendered_data(one) for one in patched.rendered],
            "failures": failures.as_data(patched.unread),
        },
        list(_blocks(patched, changed)),
        summary=_summary(patched, len(changed), len(left) + len(left_rendered)),
        exit_code=failures.exit_code(patched.unread, codes),
    )


def _blocks(patched: Patched, changed: Sequence[PatchedFile]) -> Iterator[Block]:
    for file in changed:
        if patched.written:
            yield Tree(Cell(file.name, "strong"), [Tree(f"{one.title}: {one.what}") for one in file.changes])
        else:
            yield Diff(unified(file.name, file.before, file.after))
    branches = [Tree(Cell(file.name, "strong"), _reasons(file.unfixed)) for file in patched.files if file.unfixed]
    if branches:
        yield Tree(Cell(_("left as it is"), "strong"), branches)
    for one in patched.rendered:
        yield from _rendered(one)
    yield from failures.listed(patched.unread)


def _reasons(unfixed: Sequence[Unfixed]) -> list[Tree]:
    reasons: dict[str, list[Tree]] = {}
    for one in unfixed:
        text = _("line {line}: {reason}").format(line=one.line, reason=one.reason)
        reasons.setdefault(one.title, []).append(Tree(Cell(text, "bad")))
    return list(starmap(Tree, reasons.items()))


def _rendered(one: Rendered) -> Iterator[Block]:
    if not one.violations:
        yield Tree(Cell(_("{name}: what it renders passes").format(name=one.name), "good"))
        return
    label = Cell(_('{name}: what it renders does not pass "restricted"').format(name=one.name), "strong")
    yield Tree(label, _by_pod(one.violations))
    if one.values:
        yield Text(_("These values mend it; keep them in a file, and name that with --values:"))
        yield Text(one.values.rstrip("\n"))
    if one.values and one.left:
        yield Tree(Cell(_("they do not mend:"), "strong"), _by_pod(one.left))


def _by_pod(found: Sequence[tuple[str, Violation]]) -> list[Tree]:
    pods: dict[str, list[Tree]] = {}
    for source, violation in found:
        pods.setdefault(f"{source}: {violation.pod.title}", []).append(Tree(Cell(_what(violation), "bad")))
    return list(starmap(Tree, pods.items()))


def _what(violation: Violation) -> str:
    where = violation.container.name if violation.container else _("the pod")
    value = f" ({violation.value})" if violation.value else ""
    return f"{where}: {violation.check}{value}"


def _summary(patched: Patched, changed: int, left: int) -> Cell:
    if patched.written:
        text = ngettext("{count} file changed", "{count} files changed", changed)
    else:
        text = ngettext("{count} file to change", "{count} files to change", changed)
    parts = [text.format(count=changed)]
    if left:
        parts.append(ngettext("{count} thing left", "{count} things left", left).format(count=left))
    if changed and not patched.written:
        parts.append(_("--write changes them"))
    mood: Mood = "bad" if left else "good" if patched.written or not changed else "unsure"
    return Cell(_("; ").join(parts), mood)


def _file_data(file: PatchedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "changed": file.after != file.before,
        "changes": [{"title": one.title, "line": one.line, "what": one.what} for one in file.changes],
        "left": [
            {"title": one.title, "line": one.line, "check": one.check, "reason": one.reason} for one in file.unfixed
        ],
        "diff": unified(file.name, file.before, file.after) if file.after != file.before else "",
    }


def _rendered_data(one: Rendered) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": str(one.kind),
        "violations": [_violation_data(source, found) for source, found in one.violations],
        "values": one.values,
        "left": [_violation_data(source, found) for source, found in one.left],
    }


def _violation_data(source: str, found: Violation) -> dict[str, Any]:
    return {
        "source": source,
        "title": found.pod.title,
        "check": found.check,
        "level": found.level,
        "container": found.container.name if found.container else None,
        "value": found.value,
    }
