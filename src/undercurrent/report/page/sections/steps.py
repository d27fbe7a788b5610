"""What to do next: the actions that lose most, for each hour of work, when their window closes; and what is wrong."""

from decimal import Decimal
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.planning.money import shown
from undercurrent.planning.standing import Step, Trouble, TroubleKind, Urgency
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import badge, day_of, filled, section
from undercurrent.report.page.sections.shares import counted
from undercurrent.report.page.sections.windows import left
from undercurrent.report.standing import command_of
from undercurrent.workflows.standing import Standing

__all__ = ["steps"]

_SHOWN: Final = 3
_TROUBLES: Final = {
    TroubleKind.UNSIGNED: N_("images not signed: {count}"),
    TroubleKind.REFUSED: N_("images refused: {count}"),
    TroubleKind.OVERDUE: N_("items overdue: {count}"),
    TroubleKind.CLOSING: N_("windows closing: {count}"),
}


def steps(standing: Standing) -> Element:
    """The section; the first of the steps is the one to take now."""
    title = _("What to do next")
    wrong = standing.troubles if standing.coverage.images else ()
    troubles = e("p", [(badge(_trouble(one), "bad"), " ") for one in wrong]) if wrong else None
    if not standing.steps:
        nothing = _("Evidence shows that everything is done that the catalogues name.")
        return section("next", title, None, troubles, e("p", nothing, class_="empty"))
    lead = _("By value at risk for each hour of work: what is lost in a year in which it is not done, by the effort.")
    cards = [_card(number, step, standing) for number, step in enumerate(standing.steps[:_SHOWN], 1)]
    return section("next", title, lead, troubles, e("ol", cards, class_="next"))


def _card(number: int, step: Step, standing: Standing) -> Element:
    action, currency = step.action, step.catalogue.currency
    settings = standing.settings
    command = command_of(step, standing.coverage.listed, settings.images, settings.planning.catalogue)
    if step.per_hour is None:
        worth = _("effort unknown")
    else:
        worth = _("{amount} an hour").format(amount=shown(step.per_hour.quantize(Decimal(1)), currency))
    value = shown(step.at_risk, currency)
    if action.days is None:
        facts = _("{value} a year at risk").format(value=value)
    else:
        facts = _("{value} a year at risk; {days} person-days").format(value=value, days=f"{action.days:f}")
    return e(
        "li",
        e("span", number, class_="rank", aria_hidden="true"),
        e("h3", f"{action.number} {action.name}".strip()),
        e("p", str(action.first)) if action.first else None,
        e("p", _window(step)) if step.window else None,
        e("p", _("evidence so far: {share}").format(share=counted(step.share))) if step.share else None,
        e("p", worth, class_="worth"),
        e("p", facts, class_="small quiet"),
        e("p", e("code", command)),
    )


def _window(step: Step) -> Child:
    state = step.window
    if state is None:
        return None
    if step.urgency is Urgency.MISSED:
        return badge(_("its window is over since {day}").format(day=state.window.day.isoformat()), "quiet")
    return filled(_("{left} ({day})"), left=left(state), day=day_of(state.window.day))


def _trouble(one: Trouble) -> str:
    return _(_TROUBLES[one.kind]).format(count=f"{len(one.names):,}")
