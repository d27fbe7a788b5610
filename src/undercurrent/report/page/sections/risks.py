"""What may go wrong, what that costs, and the best that each amount of risk can buy."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Catalogue, Profile
from undercurrent.planning.money import shown
from undercurrent.planning.portfolio import Choice
from undercurrent.report.page.charts.riskreturn import Dot, Limit, risk_and_return
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import Column, Value, figure, section, table

__all__ = ["risks"]


def risks(catalogue: Catalogue, choices: Sequence[tuple[Profile, Choice]], frontier: Sequence[Choice]) -> Element:
    """The section.

    Args:
        catalogue: the actions.
        choices: what each profile would take, the one with the smallest budget first.
        frontier: the best choice for each amount of risk.
    """

    def money(amount: Decimal) -> str:
        return shown(amount, catalogue.currency)

    lead = _("Risk is the loss to be expected in a year: probability times impact, summed over what may go wrong.")
    if not catalogue.actions:
        return section("risks", _("Risk and return"), lead, e("p", _("The catalogue has no actions."), class_="empty"))
    return section(
        "risks",
        _("Risk and return"),
        lead,
        _picture(catalogue, choices, frontier, money),
        _profiles(choices, money),
        _actions(catalogue.actions, choices, money),
    )


def _picture(
    catalogue: Catalogue,
    choices: Sequence[tuple[Profile, Choice]],
    frontier: Sequence[Choice],
    money: Callable[[Decimal], str],
) -> Element:
    title = _("Risk against return")
    chosen = {action.id for _profile, choice in choices[:1] for action in choice.actions}
    dots = [
        Dot(
            _named(action),
            action.number or _named(action),
            float(action.risk),
            float(action.yearly),
            action.id in chosen,
        )
        for action in catalogue.actions
    ]
    points = [(float(choice.risk), float(choice.value)) for choice in frontier]
    limits = [Limit(str(profile.name), float(profile.risk)) for profile, _choice in choices]
    told = "; ".join(
        _("{name}: risk {risk}, return {gain}").format(
            name=_named(action), risk=money(action.risk), gain=money(action.yearly)
        )
        for action in catalogue.actions
    )
    caption = _(
        "Each dot is an action; filled ones are what the most careful profile takes. The line is the efficient "
        "frontier: the most that can be had in the first year for that risk, by any choice of actions. Dashed: the "
        "profiles' budgets of risk. The scale of risk is logarithmic."
    )
    axes = (_("risk a year →"), _("return a year ↑"))
    return figure(
        "risk",
        lambda name, width: risk_and_return(
            name, title, told, dots, points, limits, axes, lambda value: money(Decimal(round(value))), width
        ),
        caption,
        e("details", e("summary", _("The frontier as a table")), _frontier(frontier, money)),
        title=title,
    )


def _named(action: Action) -> str:
    return f"{action.number} {action.name}".strip()


def _numbers(choice: Choice) -> Child:
    return " ".join(action.number or str(action.name) for action in choice.actions) or "–"


def _frontier(frontier: Sequence[Choice], money: Callable[[Decimal], str]) -> Element:
    columns = [Column(_("actions"), ""), Column(_("risk"), "number"), Column(_("worth in the first year"), "number")]
    rows = [
        [_numbers(choice), Value(money(choice.risk), choice.risk), Value(money(choice.value), choice.value)]
        for choice in frontier
    ]
    return table(_("Efficient frontier"), columns, rows)


def _profiles(choices: Sequence[tuple[Profile, Choice]], money: Callable[[Decimal], str]) -> Child:
    if not choices:
        return None
    columns = [
        Column(_("profile"), ""),
        Column(_("budget of risk"), "number"),
        Column(_("chosen actions"), ""),
        Column(_("risk"), "number"),
        Column(_("cost of the first year"), "number"),
        Column(_("worth in the first year"), "number"),
    ]
    rows = [
        [
            str(profile.name),
            Value(money(profile.risk), profile.risk),
            _numbers(choice),
            Value(money(choice.risk), choice.risk),
            Value(money(choice.cost), choice.cost),
            Value(money(choice.value), choice.value),
        ]
        for profile, choice in choices
    ]
    return table(_("The best choice for each profile"), columns, rows)


def _actions(
    actions: Sequence[Action], choices: Sequence[tuple[Profile, Choice]], money: Callable[[Decimal], str]
) -> Element:
    columns = [
        Column(_("action")),
        Column(_("what may go wrong"), ""),
        Column(_("risk"), "number"),
        Column(_("return a year"), "number"),
        Column(_("months until mature"), "number"),
        Column(_("chosen by"), ""),
    ]
    rows = [
        [
            _named(action),
            [_failure(number, action, money) for number in range(len(action.failures))] or "–",
            Value(money(action.risk), action.risk),
            Value(money(action.yearly), action.yearly),
            Value("–" if action.months is None else action.months, "" if action.months is None else action.months),
            listed(str(profile.name) for profile, choice in choices if action in choice.actions) or "–",
        ]
        for action in actions
    ]
    return table(_("All actions"), columns, rows)


def _failure(number: int, action: Action, money: Callable[[Decimal], str]) -> Child:
    failure = action.failures[number]
    share = f"{(failure.probability * 100).normalize():f}"
    told = _("{what}: {name}").format(what=failure.name, name=f"{share}% × {money(failure.impact)}")
    return [e("br") if number else None, told]
