"""A view of where an estate stands: one screen, with what to type next."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from rich.cells import cell_len, set_cell_size

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.checklists import ChecklistState, State
from undercurrent.planning.coverage import ImageState, Share
from undercurrent.planning.money import exact, exact_if_known, shown
from undercurrent.planning.standing import Changes, Step, Trouble, TroubleKind, Urgency
from undercurrent.planning.windows import WindowState
from undercurrent.report.catalogues import notices
from undercurrent.report.model import Block, Cell, Fields, Report, Text
from undercurrent.report.units import short
from undercurrent.settings import ImagesSettings
from undercurrent.workflows.standing import Standing

__all__ = ["MEASURES", "command_of", "percent", "view"]

MEASURES: Final[dict[Measure, str]] = {
    Measure.IMAGES_SIGNED: N_("signed"),
    Measure.IMAGES_WITH_SBOM: N_("with an SBOM"),
    Measure.IMAGES_VERIFIED: N_("verified"),
    Measure.IMAGES_ROOTLESS: N_("rootless"),
    Measure.DOCKERFILES_ROOTLESS: N_("rootless Dockerfiles"),
    Measure.BYTES_COPIED: N_("copied between registries"),
}
"""What people read for each measure."""

_COMMANDS: Final = {
    Measure.IMAGES_SIGNED: "uc image sign {images}",
    Measure.IMAGES_WITH_SBOM: "uc image sign {images} --sbom",
    Measure.IMAGES_VERIFIED: "uc image verify {images}",
}
_TROUBLES: Final = {
    TroubleKind.UNSIGNED: N_("{count} not signed"),
    TroubleKind.REFUSED: N_("{count} refused"),
    TroubleKind.OVERDUE: N_("{count} overdue"),
    TroubleKind.CLOSING: N_("{count} closing"),
}
_ALWAYS: Final = (Measure.IMAGES_SIGNED, Measure.IMAGES_WITH_SBOM, Measure.IMAGES_VERIFIED)
_BAR: Final = 16
_NAME: Final = 58
"""Cells that a name has, so that its line fits 80 columns."""
_STEPS: Final = 3
_WINDOWS: Final = 2
_NAMED: Final = 2
"""Images that a command names; of more, it takes all that there are."""
_TENTH: Final = Decimal("0.1")


def view(found: Standing, *, exit_code: bool = False) -> Report:
    """One screen.

    Args:
        found: where the estate stands.
        exit_code: end with 1 if something is wrong.
    """
    blocks: list[Block] = [Text(_head(found), "strong")]
    blocks += [_shares(found)] if found.coverage.images or found.coverage.dockerfiles else _beginning(found)
    blocks += [block for block in (_windows(found), _next(found)) if block]
    blocks += notices(found.catalogues, found.day)
    wrong = found.troubles
    summary = _wrong(wrong) if found.coverage.images else None
    return Report("status", _data(found), blocks, summary=summary, exit_code=int(exit_code and bool(wrong)))


def percent(share: Share) -> str:
    """``79.9 %``, never rounded up; ``-`` where nothing is known."""
    if share.percent is None:
        return "-"
    return f"{share.percent.quantize(_TENTH, ROUND_DOWN).normalize():f} %"


def command_of(step: Step, images: Sequence[ImageState], settings: ImagesSettings, usual: str) -> str:
    """What to type for a step: what does it, else what shows what it takes.

    Args:
        step: what is to be done.
        images: those that evidence knows.
        settings: which places are the user's.
        usual: the catalogue that commands take when none is named.
    """
    measure = step.action.done.measure if step.action.done else None
    if measure is Measure.DOCKERFILES_ROOTLESS:
        return "uc harden audit"
    if measure in _COMMANDS:
        lacking = [state.place or state.name for state in images if not _has(state, measure)]
        own = settings.registries or settings.layouts or settings.archives or settings.engines
        names = shlex.join(lacking) if 0 < len(lacking) <= _NAMED and not own else "--all"
        return _COMMANDS[measure].format(images=names)
    other = "" if step.catalogue.id == usual else f" --catalogue {step.catalogue.id}"
    return f"uc plan roi --actions {step.action.id} --full{other}"


def _has(state: ImageState, measure: Measure) -> bool:
    if measure is Measure.IMAGES_SIGNED:
        return state.signed
    return state.sbom if measure is Measure.IMAGES_WITH_SBOM else state.verified


# What people read


def _head(found: Standing) -> str:
    coverage = found.coverage
    images = ngettext("{count} image", "{count} images", coverage.images).format(count=coverage.images)
    hosts, files = len(coverage.registries), coverage.dockerfiles
    registries = ngettext("{count} registry", "{count} registries", hosts).format(count=hosts)
    dockerfiles = ngettext("{count} Dockerfile", "{count} Dockerfiles", files).format(count=files)
    records = ngettext("{count} record", "{count} records", coverage.records).format(count=coverage.records)
    counts = [images, *([registries] if hosts else []), *([dockerfiles] if files else []), records]
    return " · ".join([found.day.isoformat(), *counts])


def _shares(found: Standing) -> Fields:
    shares = found.coverage.shares
    before = {one.measure: one.before for one in found.changes.shares} if found.changes else {}
    rows = [(_(MEASURES[measure]), _bar(shares[measure], before.get(measure))) for measure in _ALWAYS]
    roots = [shares[measure] for measure in (Measure.IMAGES_ROOTLESS, Measure.DOCKERFILES_ROOTLESS)]
    rows += [(_(MEASURES[share.measure]), _bar(share, before.get(share.measure))) for share in roots if share.of]
    if not any(share.of for share in roots):
        rows.append((_(MEASURES[Measure.IMAGES_ROOTLESS]), Cell(_("not checkable here"), "quiet")))
    return Fields([*rows, *_since(found.changes)])


def _bar(share: Share, before: Share | None) -> Cell:
    """How much of all; by how many more than at the last look; and when the newest evidence of it was recorded."""
    full = share.done * _BAR // share.of if share.of else 0
    bar = "█" * full + "░" * (_BAR - full)
    parts = [f"{bar} {percent(share):>6}", _("{done} of {of}").format(done=share.done, of=share.of)]
    if before and before.done != share.done:
        parts.append(f"{share.done - before.done:+}")
    if share.as_of:
        parts.append(_("as of {day}").format(day=share.as_of.astimezone().date()))
    return Cell("   ".join(parts), "good" if share.done == share.of else "unsure")


def _when(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _beginning(found: Standing) -> list[Block]:
    """What to type where evidence knows of nothing yet."""
    told = Text(_("Nothing is recorded yet. Begin with one of these:"))
    first = [
        ("uc image list", _("see which images there are")),
        ("uc image sign --all --sbom", _("sign them, and make an SBOM for each")),
        ("uc harden audit", _("see which containers run as root")),
        ("uc demo", _("watch all of it on images that are made for it")),
    ]
    where = Fields([(_("evidence"), Cell(found.where, "quiet"))])
    return [told, Fields([(f"$ {command}", what) for command, what in first]), where]


def _since(changes: Changes | None) -> list[tuple[str, Cell]]:
    if changes is None or not (changes.records or changes.shares):
        return []
    told = [ngettext("{count} record", "{count} records", changes.records).format(count=changes.records)]
    if changes.images:
        word = ngettext("{count} image", "{count} images", abs(changes.images))
        told.append(word.format(count=f"{changes.images:+}"))
    text = _("{when}; since then {what}").format(when=_when(changes.since), what=listed(told))
    rows = [(_("last look"), Cell(text))]
    if changes.worse:
        before, after = changes.worse[0]
        name = _cut(short(after.name), _NAME // 2)
        worse = [f"{name}: {_word(before)} → {_word(after)}"]
        if len(changes.worse) > 1:
            worse.append(_("and {count} more").format(count=len(changes.worse) - 1))
        rows.append((_("worse"), Cell(listed(worse), "bad")))
    return rows


def _word(state: ImageState) -> str:
    """What is known of an image, in a word."""
    if state.verdict and (state.verdict != "verified" or state.signed):
        return state.verdict
    return _("signed") if state.signed else _("not signed")


def _windows(found: Standing) -> Fields | None:
    horizon = found.settings.planning.horizon_days
    coming = _distinct(state for state in found.windows if not state.over)
    near = [state for state in coming if state.days <= horizon] or coming[:1]
    over = len(_distinct(state for state in found.windows if state.over))
    room = _WINDOWS - bool(found.changes and found.changes.worse)  # all of it is to fit a screen
    rows = [(_days(state.days), _cut(f"{state.window.day}  {state.window.name}", _NAME)) for state in near[:room]]
    title = _("Windows: {rest} later, {over} over, see `uc plan window`")
    return Fields(rows, title.format(rest=len(coming) - len(rows), over=over)) if found.windows else None


def _distinct(states: Iterable[WindowState]) -> list[WindowState]:
    """One for each window, however many actions it is for."""
    return list({(state.window.id, state.window.day): state for state in states}.values())


def _days(count: int) -> str:
    return ngettext("{count} day", "{count} days", count).format(count=count)


def _next(found: Standing) -> Fields | None:
    rows: list[tuple[str, Cell | str]] = []
    for step in found.steps[:_STEPS]:
        command = command_of(step, found.coverage.listed, found.settings.images, found.settings.planning.catalogue)
        rows.append((_worth(step), _titled(step)))
        rows.append(("", Cell(f"$ {command}", "strong")))
    return Fields(rows, _("Next, by value at risk for each hour of work")) if rows else None


def _titled(step: Step) -> str:
    name, left = str(step.action.name), _left(step)
    if not left:
        return _cut(name, _NAME)
    return _("{name} ({when})").format(name=_cut(name, _NAME - cell_len(left) - 4), when=left)


def _worth(step: Step) -> str:
    if step.per_hour is None:
        return _("effort unknown")
    return _("{amount}/h").format(amount=shown(step.per_hour.quantize(Decimal(1)), step.catalogue.currency))


def _left(step: Step) -> str:
    """Until when; of what binds already, or is over, since when."""
    state = step.window
    if state is None:
        return ""
    if step.urgency is Urgency.MISSED:
        return _("its window closed on {day}").format(day=state.window.day)
    return _("since {day}").format(day=state.window.day) if state.over else _days(state.days)


def _wrong(troubles: Sequence[Trouble]) -> Cell | None:
    """What is wrong, and what says more about the first of it."""
    told = listed(_(_TROUBLES[one.kind]).format(count=len(one.names)) for one in troubles)
    ask = {
        TroubleKind.OVERDUE: "uc plan checklist status",
        TroubleKind.CLOSING: "uc plan window",
    }
    if not troubles:
        return None
    command = ask.get(troubles[0].kind, "uc image verify --all")
    return Cell(_("{what}: see `{command}`").format(what=told, command=command), "bad")


def _cut(text: str, cells: int) -> str:
    return text if cell_len(text) <= cells else f"{set_cell_size(text, cells - 1).rstrip()}…"


# What machines read


def _data(found: Standing) -> dict[str, Any]:
    coverage = found.coverage
    return {
        "at": found.at.isoformat(),
        "day": found.day.isoformat(),
        "evidence": found.where,
        "catalogues": [catalogue.id for catalogue in found.catalogues],
        "estate": {
            "images": coverage.images,
            "registries": list(coverage.registries),
            "dockerfiles": coverage.dockerfiles,
            "records": coverage.records,
            "newest": coverage.newest.isoformat() if coverage.newest else None,
        },
        "shares": {measure.value: _share_data(share) for measure, share in coverage.shares.items()},
        "changes": _changes_data(found.changes) if found.changes else None,
        "windows": [_window_data(state) for state in found.windows],
        "next": list(_steps_data(found)),
        "checklists": [_checklist_data(state, found) for state in found.checklists],
        "troubles": [{"kind": one.kind.value, "names": list(one.names)} for one in found.troubles],
    }


def _share_data(share: Share) -> dict[str, Any]:
    return {
        "done": share.done,
        "of": share.of,
        "percent": None if share.percent is None else exact(share.percent.quantize(_TENTH, ROUND_DOWN)),
        "as_of": share.as_of.isoformat() if share.as_of else None,
        "records": list(share.records),
    }


def _changes_data(changes: Changes) -> dict[str, Any]:
    return {
        "since": changes.since.isoformat(),
        "records": changes.records,
        "images": changes.images,
        "shares": {
            one.measure.value: {"before": [one.before.done, one.before.of], "after": [one.after.done, one.after.of]}
            for one in changes.shares
        },
        "worse": [
            {"name": after.name, "digest": after.digest, "verdict": after.verdict} for _old, after in changes.worse
        ],
    }


def _window_data(state: WindowState) -> dict[str, Any]:
    return {
        "window": state.window.id,
        "day": state.window.day.isoformat(),
        "kind": state.window.kind,
        "action": state.action.id if state.action else None,
        "days": state.days,
    }


def _steps_data(found: Standing) -> Iterator[dict[str, Any]]:
    for step in found.steps:
        yield {
            "action": step.action.id,
            "catalogue": step.catalogue.id,
            "urgency": step.urgency.name.lower().replace("_", "-"),
            "days_left": step.days_left,
            "hours": exact_if_known(step.hours),
            "at_risk": exact(step.at_risk),
            "per_hour": None if step.per_hour is None else exact(step.per_hour.quantize(Decimal("0.01"))),
            "currency": step.catalogue.currency,
            "command": command_of(
                step, found.coverage.listed, found.settings.images, found.settings.planning.catalogue
            ),
        }


def _checklist_data(state: ChecklistState, found: Standing) -> dict[str, Any]:
    counts = {one.value.replace("-", "_"): state.count(one) for one in State}
    return {"checklist": state.checklist.id, "in_use": state.checklist.id in found.in_use, **counts}
