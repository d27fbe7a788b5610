"""What to avoid: what loses more than it returns, and what one has to be careful with."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.support.actions import action

from undercurrent.errors import NotFound, UsageError
from undercurrent.planning.catalogue import Action, Catalogue, Label, Profile, Source
from undercurrent.planning.loading import builtin
from undercurrent.planning.portfolio import Budget
from undercurrent.planning.risks import assess, profile_in

CAREFUL = Profile("careful", Label("小心", "careful"), Decimal(10))


def plan(*actions: Action, profiles: tuple[Profile, ...] = (CAREFUL,)) -> Catalogue:
    label = Label("x", "x")
    return Catalogue("plan", label, "CNY", Source("x", date(2026, 1, 1)), profiles=profiles, actions=actions)


def ids(actions: Sequence[Action]) -> list[str]:
    return [each.id for each in actions]


def cautious(name: str, yearly: int, risk: int) -> Action:
    return replace(action(name, yearly=yearly, risk=risk), caution=Label("慢", "slow"))


def test_the_riskiest_is_named_first() -> None:
    actions = (
        action("good", yearly=100, risk=8),
        action("bad", yearly=10, risk=30),
        cautious("worse", 10, 300),
        cautious("doubtful", 100, 20),
        cautious("doubted", 100, 40),
        action("big", yearly=100, risk=50),
    )

    found = assess(plan(*actions), CAREFUL)

    assert ids(found.choice.actions) == ["good"]
    assert ids(found.losing) == ["worse", "bad"]
    assert ids(found.doubtful) == ["doubted", "doubtful"]


def test_to_lose_as_much_as_it_returns_is_not_to_lose() -> None:
    found = assess(plan(action("even", yearly=30, risk=30)), CAREFUL)

    assert found.losing == ()


def test_what_is_taken_is_not_to_be_avoided_and_what_still_fits_is_not_doubted() -> None:
    taken, spare = cautious("taken", 100, 5), replace(cautious("spare", 10, 5), once=Decimal(10))

    found = assess(plan(taken, spare), CAREFUL)

    assert ids(found.choice.actions) == ["taken"]
    assert found.doubtful == ()


def test_without_a_limit_of_risk_nobody_is_doubted() -> None:
    found = assess(plan(cautious("vain", 0, 0)), CAREFUL, Budget())

    assert found.doubtful == ()


def test_a_budget_of_ones_own_goes_before_that_of_the_profile() -> None:
    rich = Profile("rich", Label("富", "rich"), Decimal(100), money=Decimal(5), days=Decimal(1))
    actions = (action("dear", yearly=100, once=6), action("long", yearly=100, days=2), action("fine", yearly=1))

    assert ids(assess(plan(*actions), rich).choice.actions) == ["fine"]
    assert ids(assess(plan(*actions), rich, Budget()).choice.actions) == ["dear", "long", "fine"]


def test_the_frontier_is_about_any_risk_and_within_the_rest() -> None:
    actions = (
        action("safe", yearly=10, risk=1),
        action("bold", yearly=90, risk=99),
        action("dear", yearly=99, once=50),
    )

    found = assess(plan(*actions), CAREFUL, Budget(money=Decimal(0), risk=Decimal(1)), whole=True)

    assert [(int(step.risk), ids(step.actions)) for step in found.frontier] == [
        (0, []),
        (1, ["safe"]),
        (99, ["bold"]),
        (100, ["safe", "bold"]),
    ]


def test_profiles_are_found_by_their_id() -> None:
    assert profile_in(plan(), "careful") == CAREFUL
    with pytest.raises(NotFound, match="no profile 'carefull'") as caught:
        profile_in(plan(), "carefull")
    assert caught.value.hint == "did you mean 'careful'?"
    with pytest.raises(UsageError, match="has no profiles"):
        profile_in(plan(profiles=()), "careful")


@pytest.mark.parametrize(
    ("profile", "taken"),
    [
        ("conservative", "⑦③⑤"),
        ("balanced", "⑦③⑤①⑥"),
        ("aggressive", "⑦③⑤①⑥②"),
    ],
)
def test_the_profiles_of_2025(profile: str, taken: str) -> None:
    catalogue = builtin("2025-undercurrents")

    found = assess(catalogue, profile_in(catalogue, profile))

    assert "".join(each.number for each in found.choice.actions) == taken
