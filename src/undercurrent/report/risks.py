"""Views of a choice under a budget: the short list, and all that speaks for and against each action."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Basis, Failure
from undercurrent.planning.money import exact, exact_if_known, shown
from undercurrent.planning.portfolio import Budget, Choice, Reason, cost_of, value_of
from undercurrent.planning.risks import Assessment, losing
from undercurrent.report.cataloguedata import label_data
from undercurrent.report.model import Block, Cell, Report, Table, Text
from undercurrent.report.wrapping import width

__all__ = ["choice_data", "view"]

_UNKNOWN: Final = "?"
_REASONS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.NEEDS: N_("what it needs is missing"),
        Reason.EFFORT: N_("effort unknown"),
        Reason.RISK: N_("over the risk, even alone"),
        Reason.MONEY: N_("over the money, even alone"),
        Reason.DAYS: N_("over the days, even alone"),
        Reason.WORTH: N_("returns no more than it costs"),
        Reason.OTHERS: N_("others return more in its room"),
    }
)


def view(assessment: Assessment, *, full: bool = False) -> Report:
    """What to take and what to avoid; with ``full``, every action with its reasons, and the efficient frontier."""
    blocks: list[Block] = [Text("\n".join(_short(assessment)))]
    if full:
        blocks += [_actions(assessment), _failures(assessment), _frontier(assessment), *_notes(assessment)]
    return Report("plan-risk", _data(assessment, full=full), blocks)


def choice_data(choice: Choice) -> dict[str, Any]:
    """A choice, for machines; amounts are text, so that nothing makes a float of them."""
    return {
        "actions": [action.id for action in choice.actions],
        "value": exact(choice.value),
        "cost": exact(choice.cost),
        "days": exact(choice.days),
        "effort_unknown": [action.id for action in choice.unsaid],
        "risk": exact(choice.risk),
    }


def _short(assessment: Assessment) -> Iterator[str]:
    head, take, leave = _("Risk assessment"), _("Recommended"), _("To avoid")
    nothing, high = _("nothing"), _("high risk")
    profile, budget, currency = assessment.profile, assessment.budget, assessment.catalogue.currency
    limits = _limits(budget, currency, Budget(profile.money, profile.days, profile.risk))
    yield f"===== {head} ====="
    yield f"{take} ({', '.join([str(profile.name), *limits])}):"
    for action in assessment.choice.actions:
        yield f"  ✅ {_named(action)} ({_risk(action, currency)})"
    if not assessment.choice.actions:
        yield f"  {nothing}"
    yield "  "
    yield f"{leave} ({high}):"
    for action in assessment.losing:
        yield f"  ❌ {_named(action)} ({_risk(action, currency)})"
    for action in assessment.doubtful:
        yield f"  ⚠️ {_named(action)} ({_risk(action, currency)}, {action.caution})"
    if not assessment.losing and not assessment.doubtful:
        yield f"  {nothing}"
    # The line below is a cell longer than the one above in the plan that this list comes from.
    yield "=" * (width(head) + 13)


def _named(action: Action) -> str:
    return f"{action.number} {action.name}".strip()


def _risk(action: Action, currency: str) -> str:
    """Amounts in this list have no commas in the plan that it comes from."""
    return _("risk {amount}").format(amount=shown(action.risk, currency).replace(",", ""))


def _limits(budget: Budget, currency: str, usual: Budget | None = None) -> Iterator[str]:
    """The limits in words; those that are as ``usual`` go without saying."""
    if budget.risk is not None and not (usual and budget.risk == usual.risk):
        yield _("risk ≤ {limit}").format(limit=shown(budget.risk, currency))
    if budget.money is not None and not (usual and budget.money == usual.money):
        yield _("money ≤ {limit}").format(limit=shown(budget.money, currency))
    if budget.days is not None and not (usual and budget.days == usual.days):
        yield _("person-days ≤ {limit}").format(limit=exact(budget.days))


def _actions(assessment: Assessment) -> Table:
    currency = assessment.catalogue.currency
    rows: list[list[Cell | str]] = [
        [
            _named(action),
            Cell(shown(action.risk, currency), "bad" if losing(action) else ""),
            shown(value_of(action), currency),
            shown(cost_of(action), currency),
            _days(action.days),
            _decision(action, assessment),
        ]
        for action in assessment.catalogue.actions
    ]
    heads = [_("action"), _("risk"), _("first year, net"), _("cost"), _("days"), _("chosen")]
    return Table(heads, rows, _("Actions"), right=frozenset({1, 2, 3, 4}), squeeze=frozenset({0, 5}))


def _decision(action: Action, assessment: Assessment) -> Cell:
    if action in assessment.choice.actions:
        return Cell("✓", "good")
    why = _(_REASONS[assessment.against[action.id]])
    # Why it would not have been taken under any budget is worth more than what this one lacks.
    return Cell(_("loses more than it returns"), "bad") if losing(action) else Cell(why, "quiet")


def _days(days: Decimal | None) -> str:
    return _UNKNOWN if days is None else exact(days)


def _failures(assessment: Assessment) -> Table:
    currency = assessment.catalogue.currency
    rows: list[list[Cell | str]] = [
        [
            _named(action),
            str(failure.name),
            f"{exact((failure.probability * 100).normalize())}%",
            shown(failure.impact, currency),
            shown(failure.risk, currency),
        ]
        for action in assessment.catalogue.actions
        for failure in action.failures
    ]
    heads = [_("action"), _("what may go wrong"), _("probability"), _("loss"), _("risk")]
    return Table(heads, rows, _("What the risk is made of"), right=frozenset({2, 3, 4}), squeeze=frozenset({0, 1}))


def _frontier(assessment: Assessment) -> Table:
    currency, chosen = assessment.catalogue.currency, _("chosen")
    rows: list[list[Cell | str]] = [
        [
            shown(choice.risk, currency),
            shown(choice.value, currency),
            shown(choice.cost, currency),
            _effort(choice),
            listed(action.number or action.id for action in choice.actions) or "-",
            Cell(f"← {chosen}", "good") if choice == assessment.choice else "",
        ]
        for choice in assessment.frontier
    ]
    title = _("The best there is for each risk")
    heads = [_("risk"), _("first year, net"), _("cost"), _("days"), _("actions"), ""]
    return Table(heads, rows, title, right=frozenset({0, 1, 2, 3}), squeeze=frozenset({4}))


def _effort(choice: Choice) -> str:
    return f"{exact(choice.days)} + {_UNKNOWN}" if choice.unsaid else exact(choice.days)


def _notes(assessment: Assessment) -> Iterator[Text]:
    limits = ", ".join(_limits(assessment.budget, assessment.catalogue.currency))
    within = _("within: {limits}").format(limits=limits) if limits else _("without any limit")
    said = _("what counts is the first year: benefits less what is paid; effort is a limit, and no cost here")
    yield Text(f"{within}\n{said}", "quiet")
    claimed = [
        _named(action)
        for action in assessment.catalogue.actions
        if any(benefit.basis is Basis.CLAIMED for benefit in action.benefits)
    ]
    if claimed:
        text = _("what these return is what others claim, and was not measured: {names}")
        yield Text(text.format(names=listed(claimed)), "unsure")


def _data(assessment: Assessment, *, full: bool) -> dict[str, Any]:
    profile, budget = assessment.profile, assessment.budget
    return {
        "catalogue": assessment.catalogue.id,
        "currency": assessment.catalogue.currency,
        "profile": {"id": profile.id, "name": label_data(profile.name)},
        "budget": {
            "risk": exact_if_known(budget.risk),
            "money": exact_if_known(budget.money),
            "days": exact_if_known(budget.days),
        },
        "choice": choice_data(assessment.choice),
        "avoid": {
            "losing": [action.id for action in assessment.losing],
            "doubtful": [action.id for action in assessment.doubtful],
        },
        "actions": [_action_data(action, assessment) for action in assessment.catalogue.actions],
        "frontier": list(map(choice_data, assessment.frontier)) if full else None,
    }


def _action_data(action: Action, assessment: Assessment) -> dict[str, Any]:
    against = assessment.against.get(action.id)
    return {
        "id": action.id,
        "number": action.number,
        "name": label_data(action.name),
        "needs": list(action.needs),
        "risk": exact(action.risk),
        "yearly": exact(action.yearly),
        "value": exact(value_of(action)),
        "cost": exact(cost_of(action)),
        "days": exact_if_known(action.days),
        "caution": label_data(action.caution),
        "failures": list(map(_failure_data, action.failures)),
        "chosen": against is None,
        "against": None if against is None else str(against),
        "losing": losing(action),
    }


def _failure_data(failure: Failure) -> dict[str, Any]:
    return {
        "name": label_data(failure.name),
        "probability": exact(failure.probability),
        "impact": exact(failure.impact),
        "risk": exact(failure.risk),
    }
