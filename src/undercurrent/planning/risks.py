"""What to take and what to leave for somebody who is ready to put so much at stake, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from undercurrent import tomlfile
from undercurrent.errors import NotFound, UsageError
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Catalogue, Profile
from undercurrent.planning.portfolio import Budget, Choice, Reason, choose, frontier, reason_against

__all__ = ["Assessment", "assess", "losing", "profile_in"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The best choice of a catalogue's actions within a budget, and what speaks against the others.

    Attributes:
        catalogue: where the actions are.
        profile: how much is at stake.
        budget: what limits the choice: that of the profile, unless somebody said otherwise.
        choice: what to take.
        against: of each other action, by its id, why not.
        losing: those others that are expected to lose more than they return, the riskiest first.
        doubtful: those others that one has to be careful with and that go beyond the risk that is left, likewise.
        frontier: the best choice for each amount of risk, within the budget of money and days.
    """

    catalogue: Catalogue
    profile: Profile
    budget: Budget
    choice: Choice
    against: Mapping[str, Reason]
    losing: tuple[Action, ...]
    doubtful: tuple[Action, ...]
    frontier: tuple[Choice, ...] = ()


def profile_in(catalogue: Catalogue, name: str | None) -> Profile:
    """The catalogue's profile called ``name``; its first one, which puts the least at stake, when None.

    Raises:
        UsageError: the catalogue has no profiles.
        NotFound: it has no such profile.
    """
    known = {profile.id: profile for profile in catalogue.profiles}
    if not known:
        raise UsageError(
            _("catalogue {catalogue} has no profiles: nothing says how much may be put at stake").format(
                catalogue=catalogue.id
            ),
            hint=_("write a [[profile]] with a risk into it"),
        )
    if name is None:
        return catalogue.profiles[0]
    if name not in known:
        message = _("catalogue {catalogue} has no profile {name!r}").format(catalogue=catalogue.id, name=name)
        raise NotFound(message, hint=tomlfile.suggestion(name, known))
    return known[name]


def assess(catalogue: Catalogue, profile: Profile, budget: Budget | None = None, *, whole: bool = False) -> Assessment:
    """What to take out of ``catalogue``, and what not.

    Args:
        catalogue: where the actions are.
        profile: how much is at stake.
        budget: the limits, instead of those of the profile.
        whole: find the frontier, too.

    Raises:
        Unsupported: the problem is too hard to be solved exactly.
    """
    budget = budget or Budget(profile.money, profile.days, profile.risk)
    actions = catalogue.actions
    choice = choose(actions, budget)
    others = sorted((each for each in actions if each not in choice.actions), key=lambda each: each.risk, reverse=True)
    left = None if budget.risk is None else budget.risk - choice.risk
    return Assessment(
        catalogue,
        profile,
        budget,
        choice,
        against={each.id: reason_against(each, actions, budget) for each in actions if each not in choice.actions},
        losing=tuple(each for each in others if losing(each)),
        doubtful=tuple(each for each in others if each.caution and not losing(each) and _beyond(each.risk, left)),
        frontier=frontier(actions, replace(budget, risk=None)) if whole else (),
    )


def losing(action: Action) -> bool:
    """Whether the loss to be expected is more than what the action returns."""
    return action.risk > action.yearly


def _beyond(risk: Decimal, left: Decimal | None) -> bool:
    return left is not None and risk > left
