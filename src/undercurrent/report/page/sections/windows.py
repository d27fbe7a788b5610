"""Which dates things hang on: how many days are left, and since when others are over."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Source, Window
from undercurrent.planning.windows import WindowState
from undercurrent.report.model import Mood
from undercurrent.report.page.charts.timeline import Mark, Nearness, timeline
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import Column, Value, badge, day_of, figure, filled, section, table

__all__ = ["left", "read_at", "windows"]

_KINDS: Final = {"last-day": N_("last day to act"), "begins": N_("begins"), "ends": N_("ends")}

_MOODS: Final[dict[Nearness, Mood]] = {"over": "quiet", "near": "unsure", "open": ""}


def windows(states: Sequence[WindowState], day: date, horizon: int, notes: Sequence[str] = ()) -> Element:
    """The section.

    Args:
        states: the windows.
        day: today.
        horizon: a window that ends within so many days is near.
        notes: what else there is to know of the catalogues that they come from.
    """
    title = _("Windows")
    if not states:
        return section("windows", title, None, e("p", _("The catalogues name no dates."), class_="empty"))
    ordered = sorted(states, key=lambda state: (state.window.day, state.window.id))
    opened = sum(not state.over for state in ordered)
    lead = ngettext(
        "{count} date lies ahead, {past} lie behind.", "{count} dates lie ahead, {past} lie behind.", opened
    )
    named = {(state.window.day, _named(state)): state for state in ordered}
    marks = [Mark(at, words, left(state), _nearness(state, horizon)) for (at, words), state in named.items()]
    told = "; ".join(f"{mark.day} {mark.name}: {mark.left}" for mark in marks)
    return section(
        "windows",
        title,
        lead.format(count=opened, past=len(ordered) - opened),
        figure("timeline", lambda name, width: timeline(name, title, told, marks, day, _("today"), width)),
        _table(ordered, horizon),
        *(e("p", badge(note, "unsure")) for note in notes),
    )


def left(state: WindowState) -> str:
    """``70 days left``, ``over for 334 days``; of what begins to bind: ``begins in 12 days``, ``began 80 days ago``."""
    days = state.days
    begins = state.window.kind == "begins"
    if days == 0:
        return _("begins today") if begins else _("today is the last day")
    if days < 0:
        form = ngettext("began {count} day ago", "began {count} days ago", -days)
        return (form if begins else ngettext("over for {count} day", "over for {count} days", -days)).format(
            count=f"{-days:,}"
        )
    form = ngettext("begins in {count} day", "begins in {count} days", days)
    return (form if begins else ngettext("{count} day left", "{count} days left", days)).format(count=f"{days:,}")


def read_at(source: Source | None) -> Child:
    """Where something was read, and when."""
    if source is None:
        return None
    told = filled(_("{source}; read on {day}"), source=source.text, day=day_of(source.read))
    return e("span", told, class_="small quiet")


def _named(state: WindowState) -> str:
    """What a row is called: what to do, where there is a last day for that, else what happens."""
    if state.action is None or state.window.kind != "last-day":
        return str(state.window.name)
    return f"{state.action.number} {state.action.name}".strip()


def _nearness(state: WindowState, horizon: int) -> Nearness:
    return "over" if state.over else "near" if state.days <= horizon else "open"


def _table(states: Sequence[WindowState], horizon: int) -> Element:
    columns = [
        Column(_("day"), keep=True),
        Column(_("what"), roomy=True),
        Column(_("kind"), keep=True),
        Column(_("days left"), "number"),
        Column(_("source"), ""),
    ]
    rows = [
        [
            Value(day_of(state.window.day), state.window.day.isoformat()),
            _what(state.window, actions),
            _(_KINDS[state.window.kind]),
            Value(badge(left(state), _MOODS[_nearness(state, horizon)]), state.days),
            read_at(state.window.source),
        ]
        for (state, *_others), actions in _by_window(states)
    ]
    return table(_("All dates"), columns, rows)


def _by_window(states: Sequence[WindowState]) -> Iterator[tuple[list[WindowState], list[Action]]]:
    """The states of each window, and the actions that it is for."""
    for _window, found in groupby(states, key=lambda state: state.window):
        same = list(found)
        yield same, [state.action for state in same if state.action]


def _what(window: Window, actions: Sequence[Action]) -> Child:
    binds = e("span", e("br"), str(window.binds), class_="small quiet") if window.binds else None
    named = [e("li", e("strong", f"{action.number} {action.name}".strip())) for action in actions]
    return [e("ul", named, class_="plain") if named else None, str(window.name), binds]
