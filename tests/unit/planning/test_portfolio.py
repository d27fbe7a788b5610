"""The choice of actions is the best there is: compared with all others."""

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.actions import action

from undercurrent.errors import Unsupported
from undercurrent.planning.catalogue import Action
from undercurrent.planning.portfolio import (
    UNLIMITED,
    Budget,
    Choice,
    Reason,
    choose,
    cost_of,
    frontier,
    reason_against,
    value_of,
)

MOST = 14
AMOUNTS = st.one_of(
    st.integers(0, 6).map(Decimal),  # small ones, so that many sums are equal
    st.decimals(0, 99999, places=2, allow_nan=False),
    st.sampled_from([Decimal("1E+3"), Decimal("0.000001"), Decimal("12.50"), Decimal(0)]),
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Action, ...]:
    """Up to 14 actions; needs point anywhere, but never in a circle."""
    count = draw(st.integers(0, MOST))
    shuffled = draw(st.permutations(range(count)))
    made = {}
    for number, place in enumerate(shuffled):
        needs = draw(st.lists(st.sampled_from(shuffled[:number]), max_size=2, unique=True)) if number else []
        made[place] = action(
            f"a{place}",
            yearly=draw(AMOUNTS),
            risk=draw(AMOUNTS),
            days=draw(st.one_of(AMOUNTS, st.none()) if number % 4 == 3 else AMOUNTS),
            once=draw(AMOUNTS),
            monthly=draw(st.sampled_from([Decimal(0), Decimal("0.1"), Decimal(18)])),
            needs=[f"a{need}" for need in needs],
        )
    return tuple(made[place] for place in range(count))


LIMITS = st.one_of(st.none(), AMOUNTS, st.integers(0, 30).map(Decimal), st.integers(0, 200_000).map(Decimal))
BUDGETS = st.builds(Budget, money=LIMITS, days=LIMITS, risk=LIMITS)


def possible(actions: Sequence[Action], budget: Budget) -> Iterator[Choice]:
    """Every set of actions that has all that it needs and is within the budget."""
    place = {each.id: 1 << number for number, each in enumerate(actions)}
    needs = [sum(place[need] for need in each.needs) for each in actions]
    amounts = [(value_of(each), cost_of(each), each.days or Decimal(0), each.risk) for each in actions]
    sums = [(Decimal(0),) * 4]
    for chosen in range(1 << len(actions)):
        if chosen:
            number = chosen.bit_length() - 1
            rest = sums[chosen ^ 1 << number]
            sums.append(tuple(one + other for one, other in zip(rest, amounts[number], strict=True)))  # type: ignore[arg-type]
        limits = zip(sums[chosen][1:], (budget.money, budget.days, budget.risk), strict=True)
        if any(limit is not None and used > limit for used, limit in limits):
            continue
        members = [number for number in range(len(actions)) if chosen >> number & 1]
        if any(needs[number] & ~chosen for number in members):
            continue
        if budget.days is not None and any(actions[number].days is None for number in members):
            continue
        yield Choice(tuple(actions[number] for number in members), *sums[chosen])


def preferred(actions: Sequence[Action], choices: Sequence[Choice]) -> Choice:
    """By the rule that is documented: value, then risk, cost, days, and what comes first in the catalogue."""

    def rank(choice: Choice) -> tuple[object, ...]:
        return (choice.value, -choice.risk, -choice.cost, -choice.days, [each in choice.actions for each in actions])

    return max(choices, key=rank)


@settings(max_examples=60, deadline=None)
@given(plans(), BUDGETS)
def test_the_choice_and_the_frontier_are_those_that_brute_force_finds(
    actions: tuple[Action, ...], budget: Budget
) -> None:
    choices = list(possible(actions, budget))
    by_risk: dict[Decimal, list[Choice]] = {}
    for choice in choices:
        by_risk.setdefault(choice.risk, []).append(choice)
    steps: list[Choice] = []
    for risk in sorted(by_risk):
        best = preferred(actions, by_risk[risk])
        if not steps or best.value > steps[-1].value:
            steps.append(best)

    assert choose(actions, budget) == preferred(actions, choices)
    assert frontier(actions, budget) == tuple(steps)


def test_a_greedy_list_would_be_worse() -> None:
    actions = (action("dense", yearly=60, risk=5), action("big", yearly=100, risk=10))

    assert [each.id for each in choose(actions, Budget(risk=Decimal(10))).actions] == ["big"]


def test_what_is_needed_is_paid_for() -> None:
    base = action("base", yearly=0, once=50, risk=1)
    prize = action("prize", yearly=200, risk=1, needs=["base"])

    both = choose((prize, base), Budget(risk=Decimal(2)))

    assert [each.id for each in both.actions] == ["prize", "base"]
    assert (both.value, both.cost, both.risk) == (Decimal(150), Decimal(50), Decimal(2))
    assert choose((prize, base), Budget(risk=Decimal(1))).actions == ()
    assert choose((prize,), UNLIMITED).actions == ()


@pytest.mark.parametrize(
    ("worse", "better", "room"),
    [
        ({"risk": 2, "once": 1}, {"risk": 1, "once": 1}, Budget(money=Decimal(1))),
        ({"yearly": 11, "once": 1, "days": 1}, {"days": 1}, Budget(days=Decimal(1))),
        ({"days": 2, "risk": 1}, {"days": 1, "risk": 1}, Budget(risk=Decimal(1))),
        ({"risk": 1, "once": 1}, {"days": 9, "once": 1}, Budget(money=Decimal(1))),
    ],
    ids=["less risk", "cheaper", "fewer days", "risk goes before days"],
)
def test_of_two_that_are_worth_the_same_it_takes_the_better(
    worse: dict[str, int], better: dict[str, int], room: Budget
) -> None:
    rivals = (action("x", **{"yearly": 10} | worse), action("y", **{"yearly": 10} | better))  # type: ignore[arg-type]

    assert [each.id for each in choose(rivals, room).actions] == ["y"]


def test_of_two_that_are_alike_it_takes_the_first() -> None:
    rivals = tuple(action(name, yearly=10, once=1) for name in ("x", "y"))

    assert [each.id for each in choose(rivals, Budget(money=Decimal(1))).actions] == ["x"]


def test_unknown_effort_does_not_fit_where_days_are_limited() -> None:
    actions = (action("known", yearly=1, days=1), action("unknown", yearly=9, days=None))

    free, limited = choose(actions), choose(actions, Budget(days=Decimal(100)))

    assert [each.id for each in free.actions] == ["known", "unknown"]
    assert [each.id for each in free.unsaid] == ["unknown"]
    assert [each.id for each in limited.actions] == ["known"]


def test_each_reason_is_told() -> None:
    actions = (
        action("taken", yearly=100, risk=5, days=1),
        action("risky", yearly=100, risk=50, days=1),
        action("dear", yearly=500, once=200, days=1),
        action("long", yearly=100, days=30),
        action("vague", yearly=100, days=None),
        action("vain", yearly=10, once=10, days=1),
        action("crowded", yearly=99, risk=6, days=1),
        action("orphan", yearly=99, days=1, needs=["nobody"]),
        action("behind-risky", yearly=100, days=1, needs=["risky"]),
    )
    budget = Budget(money=Decimal(100), days=Decimal(10), risk=Decimal(10))

    choice = choose(actions, budget)

    assert [each.id for each in choice.actions] == ["taken"]
    told = {each.id: reason_against(each, actions, budget) for each in actions[1:]}
    assert told == {
        "risky": Reason.RISK,
        "dear": Reason.MONEY,
        "long": Reason.DAYS,
        "vague": Reason.EFFORT,
        "vain": Reason.WORTH,
        "crowded": Reason.OTHERS,
        "orphan": Reason.NEEDS,
        "behind-risky": Reason.RISK,
    }


def many(count: int, seed: int) -> tuple[Action, ...]:
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    return tuple(
        action(
            f"a{number}",
            yearly=Decimal(chance.randint(1, 1_000_000)) / 100,
            risk=Decimal(chance.randint(0, 100_000)) / 100,
            days=Decimal(chance.randint(1, 40)) / 2,
            once=Decimal(chance.randint(0, 500_000)) / 100,
            needs=[f"a{other}" for other in range(number) if chance.random() < 0.5 / number],
        )
        for number in range(count)
    )


@pytest.mark.parametrize("seed", range(3))
def test_forty_actions_are_chosen_from_in_a_moment(seed: int) -> None:
    actions = many(40, seed)
    budget = Budget(
        money=sum((each.once for each in actions), Decimal(0)) / 3,
        days=sum((each.days or Decimal(0) for each in actions), Decimal(0)) / 3,
        risk=sum((each.risk for each in actions), Decimal(0)) / 3,
    )

    choice = choose(actions, budget)  # a search that does not prune is refused

    assert choice.value > 0
    assert {need for each in choice.actions for need in each.needs} <= {each.id for each in choice.actions}


def test_forty_equal_actions_are_no_riddle() -> None:
    actions = tuple(action(f"a{number}", yearly=5, risk=2, days=1, once=1) for number in range(40))

    choice = choose(actions, Budget(money=Decimal(30), days=Decimal(25), risk=Decimal(41)))

    assert [each.id for each in choice.actions] == [f"a{number}" for number in range(20)]


def test_a_puzzle_made_to_be_hard_is_refused_instead_of_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.planning.knapsack.MAX_STATES", 100)

    with pytest.raises(Unsupported, match="out of 40 actions"):
        frontier(many(40, 1))
