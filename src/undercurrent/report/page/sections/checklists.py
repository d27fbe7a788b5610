"""Checklists: what evidence ticks, what somebody ticked by hand, what is open, and how that went."""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from itertools import groupby
from typing import Final, TypeAlias

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.checklists import ChecklistState, ItemState, State, reasons
from undercurrent.report.model import Mood
from undercurrent.report.page.charts.burndown import burn_down
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import badge, day_of, evidence, here, section, with_code

__all__ = ["BurnDown", "checklists"]

BurnDown: TypeAlias = Sequence[tuple[date, int]]
"""Days, and how many items were open at the end of each."""

_STATES: Final[Mapping[State, tuple[str, str, Mood]]] = {
    State.DONE: ("✓", N_("done, by evidence"), "good"),
    State.MARKED: ("✓", N_("marked by hand"), "good"),
    State.OPEN: ("○", N_("open"), ""),
    State.OVERDUE: ("!", N_("overdue"), "bad"),
    State.UNCHECKABLE: ("?", N_("cannot be checked here"), "quiet"),
}


def checklists(states: Sequence[ChecklistState], burned: Mapping[str, BurnDown], zone: tzinfo | None) -> Element:
    """The section.

    Args:
        states: the lists.
        burned: by the list's id.
        zone: in which days are shown.
    """
    title = _("Checklists")
    lead = _("A tick by evidence was counted, not typed. A tick by hand is kept, and shown as one.")
    if not states:
        return section("checklists", title, lead, e("p", _("The catalogues hold no checklists."), class_="empty"))
    pictures = [
        _picture(state, burned[state.checklist.id]) for state in states if len(burned.get(state.checklist.id, ())) > 1
    ]
    return section(
        "checklists",
        title,
        lead,
        e("div", pictures, class_="small-multiples") if pictures else None,
        [_list(state, zone) for state in states],
    )


def _picture(state: ChecklistState, points: BurnDown) -> Element:
    checklist = state.checklist
    total, still = len(state.items), points[-1][1]
    told = ngettext("{count} of {total} item open", "{count} of {total} items open", still).format(
        count=still, total=total
    )
    words = _("from {first} open on {from_day} to {last} on {to_day}").format(
        first=points[0][1], from_day=points[0][0], last=still, to_day=points[-1][0]
    )
    name = here(f"burndown-{checklist.id}")
    due = checklist.due if checklist.due and checklist.due > points[0][0] else None
    drawn = burn_down(name, str(checklist.title), words, points, total, due)
    dashed = _("; dashed: the straight way to {day}").format(day=due) if due else ""
    return e("figure", e("h3", str(checklist.title)), drawn, e("figcaption", told, dashed))


def _list(state: ChecklistState, zone: tzinfo | None) -> Element:
    checklist = state.checklist
    counted = _("{done} of {total}").format(done=state.ticked, total=len(state.items))
    late = len(state.late)
    sections = [
        (e("h4", str(part.title)), e("ul", [_item(one, zone) for one in items], class_="items"))
        for part, items in groupby(state.items, key=lambda one: one.section)
    ]
    return e(
        "details",
        e(
            "summary",
            e("h3", str(checklist.title)),
            " ",
            badge(counted, "good" if state.ticked == len(state.items) else ""),
            (" ", badge(_("overdue: {count}").format(count=late), "bad")) if late else None,
        ),
        sections,
        id=here(f"checklist-{checklist.id}"),
        class_="list",
    )


def _item(one: ItemState, zone: tzinfo | None) -> Element:
    sign, words, mood = _STATES[one.state]
    facts: list[Child] = [part for reason in reasons(one, zone) for part in (" · ", reason)]
    due = (" · ", _("last day"), " ", day_of(one.due)) if one.due and not one.ticked else None
    against = badge(_("evidence says otherwise"), "bad") if one.refuted else None
    links = evidence(one.share.records) if one.share and one.share.of else None
    return e(
        "li",
        e("span", sign, class_=f"box {one.state}", aria_hidden="true"),
        e(
            "div",
            with_code(str(one.item.text)),
            e("br"),
            e("span", badge(_(words), mood), " ", against, facts, due, " ", links, class_="small quiet"),
        ),
    )
