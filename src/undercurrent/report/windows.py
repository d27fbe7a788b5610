"""A view of windows: how many days are left, what is over and since when, and what is open instead."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.outlook import Finding, Ground, Outlook, Phase, View
from undercurrent.planning.windows import WindowState
from undercurrent.report.cataloguedata import label_data
from undercurrent.report.catalogues import notices
from undercurrent.report.model import Block, Cell, Report, Text
from undercurrent.report.wrapping import width

__all__ = ["view", "window_data"]

_PHASES: Final[Mapping[Phase, tuple[str, str]]] = MappingProxyType(
    {
        Phase.NONE: ("➖", N_("no windows")),
        Phase.OPEN: ("✅", N_("within the window")),
        Phase.URGENT: ("⚠️", N_("a window is about to close")),
        Phase.LAST_DAY: ("⚠️", N_("today is the last day")),
        Phase.PARTLY_OVER: ("⚠️", N_("some windows are over")),
        Phase.OVER: ("❌", N_("all windows are over")),
    }
)


def view(outlook: Outlook, *, every: bool = False, judged: bool = False, kept: Path | None = None) -> Report:
    """What the day looks like.

    Args:
        outlook: that.
        every: also the windows beyond the horizon.
        judged: end with 1 if somebody should look.
        kept: the file that the calendar was written to.
    """
    blocks: list[Block] = [Text("\n".join(_lines(outlook, every=every)))]
    blocks += notices([shown.catalogue for shown in (outlook.view, *outlook.others)], outlook.day)
    if kept:
        blocks.append(Text(_("the calendar is in {path}").format(path=kept), "good"))
    summary = _summary(outlook.findings) if judged else None
    return Report(
        "plan-window", _data(outlook), blocks, summary=summary, exit_code=int(judged and bool(outlook.findings))
    )


def _lines(outlook: Outlook, *, every: bool) -> Iterator[str]:
    head, date, state = _("Windows of opportunity"), _("Current date"), _("State")
    sign, words = _PHASES[outlook.phase]
    yield f"===== {head} ====="
    yield f"{date}: {outlook.day}"
    yield f"{state}: {sign} {_(words)}"
    yield ""
    yield from _of_catalogue(outlook.view, every=every)
    for other in outlook.others:
        yield from _of_other(other, every=every)
    if outlook.appeal:
        now, next_ = _("Act now"), _("What to do next")
        yield f"⚠️ {now}: {outlook.appeal}" if outlook.pressing else f"{next_}: {outlook.appeal}"
    # The line below is two cells longer than the one above in the plan that this list comes from.
    yield "=" * (width(head) + 14)


def _of_catalogue(view: View, *, every: bool) -> Iterator[str]:
    coming = view.coming if every else view.next
    left = list(_coming(view, coming))
    if coming and not view.near and not every:
        left.insert(0, f"  {_within(view.horizon)}")
    yield from _group(_("Days left"), left)
    yield from _group(_("Over"), (f"  {_closed(state)}{_done(view, state)}" for state in view.closed))
    yield from _group(_("In force"), (f"  {_begun(state)}" for state in view.begun))


def _of_other(view: View, *, every: bool) -> Iterator[str]:
    coming = view.coming if every else view.next
    yield from _group(_("Open instead"), _coming(view, coming), f" ({view.catalogue.title})")
    yield from _group(_("In force"), (f"  {_begun(state)}" for state in view.begun), f" ({view.catalogue.title})")


def _group(title: str, lines: Iterable[str], about: str = "") -> Iterator[str]:
    """Lines under a title; nothing at all without any. What is said of several actions of a window is said once."""
    if told := list(dict.fromkeys(lines)):
        yield f"{title}{about}:"
        yield from told
        yield "  "


def _within(days: int) -> str:
    text = ngettext(
        "none closes within {days} day; the next one:", "none closes within {days} days; the next one:", days
    )
    return text.format(days=days)


def _coming(view: View, states: Iterable[WindowState]) -> Iterator[str]:
    return (f"  {_left(state)}{_done(view, state)}" for state in states)


def _done(view: View, state: WindowState) -> str:
    done = _("done")
    return f" ✓ {done}" if view.is_done(state) else ""


def _left(state: WindowState) -> str:
    window, days = state.window, state.days
    if window.kind == "last-day":
        count = ngettext("{days} day", "{days} days", days).format(days=days) if days else _("today is the last day")
        subject = f"{state.action.number} {state.action.name}".strip() if state.action else str(window.name)
        return f"{subject}: {count} ({window.name if state.action else window.day})"
    when = ngettext("in {days} day", "in {days} days", days).format(days=days) if days else _("today")
    return f"{window.name}: {when} ({window.day})"


def _closed(state: WindowState) -> str:
    window, days = state.window, -state.days
    if state.action and window.kind == "last-day":
        subject = f"{state.action.number} {state.action.name}".strip()
        about = f" ({window.name})"
    else:
        subject, about = str(window.name), ""
    text = ngettext("over for {days} day, since {date}", "over for {days} days, since {date}", days)
    return f"{subject}: {text.format(days=days, date=window.day + timedelta(days=1))}{about}"


def _begun(state: WindowState) -> str:
    text = ngettext("since {date}, {days} day", "since {date}, {days} days", -state.days)
    return f"{state.window.name}: {text.format(days=-state.days, date=state.window.day)}"


def _summary(findings: Iterable[Finding]) -> Cell:
    grounds = [finding.ground for finding in findings]
    if not grounds:
        return Cell(_("nothing is urgent"), "good")
    said = []
    if closing := grounds.count(Ground.CLOSING):
        said.append(ngettext("{count} window is urgent", "{count} windows are urgent", closing).format(count=closing))
    if closed := grounds.count(Ground.CLOSED):
        text = ngettext(
            "{count} is over, and evidence does not show that its action was done",
            "{count} are over, and evidence does not show that their actions were done",
            closed,
        )
        said.append(text.format(count=closed))
    return Cell(listed(said), "bad")


def _data(outlook: Outlook) -> dict[str, Any]:
    return {
        "date": outlook.day.isoformat(),
        "state": str(outlook.phase),
        "urgent_days": outlook.urgent,
        "horizon_days": outlook.view.horizon,
        **_view_data(outlook.view, outlook),
        "others": [_view_data(other, outlook) for other in outlook.others],
        "appeal": label_data(outlook.appeal),
        "findings": [
            {
                "window": finding.state.window.id,
                "action": finding.state.action.id if finding.state.action else None,
                "ground": str(finding.ground),
            }
            for finding in outlook.findings
        ],
    }


def _view_data(view: View, outlook: Outlook) -> dict[str, Any]:
    return {
        "catalogue": view.catalogue.id,
        "windows": [
            {
                **window_data(state),
                "near": state in view.near,
                "urgent": 0 <= state.days <= outlook.urgent,
                "done": None if view.done is None else view.is_done(state),
            }
            for state in view.states
        ],
    }


def window_data(state: WindowState) -> dict[str, Any]:
    """A window as it stands, for machines."""
    window, action = state.window, state.action
    return {
        "id": window.id,
        "kind": window.kind,
        "day": window.day.isoformat(),
        "name": label_data(window.name),
        "action": None
        if action is None
        else {"id": action.id, "number": action.number, "name": label_data(action.name)},
        "days": state.days,
        "over": state.over,
    }
