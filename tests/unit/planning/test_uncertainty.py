"""What doubtful inputs do to a return: alone, and all at once; drawn the same everywhere."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.plans import action, actions, amounts, plan

from undercurrent.planning.catalogue import Action, Basis
from undercurrent.planning.roi import Terms, View, full, returns
from undercurrent.planning.uncertainty import (
    _ONE,
    Input,
    Simulation,
    _triangular,
    inputs_of,
    likely,
    sensitivities,
    simulate,
)

TERMS = Terms(Decimal(1500), Decimal("0.08"))
FREE = Terms(Decimal(0), Decimal(0), 1)
"""Labour costs nothing, and time neither."""


def inputs(*some: Action, terms: Terms = FREE, premium: int = 0, monthly: int = 0) -> tuple[Input, ...]:
    return inputs_of(returns(plan(*some, premium=premium, monthly=monthly)), terms)


class TestInputs:
    @pytest.mark.parametrize(
        ("basis", "ends"),
        [(Basis.MEASURED, (90, 100, 110)), (Basis.ASSUMED, (50, 100, 150)), (Basis.CLAIMED, (0, 50, 100))],
    )
    def test_a_benefit_is_as_doubtful_as_what_it_rests_on(self, basis: Basis, ends: tuple[int, ...]) -> None:
        (found,) = inputs(action("one", 100, basis=basis))
        assert (found.low, found.likely, found.high) == amounts(*ends)

    def test_a_failure_is_never_more_than_certain(self) -> None:
        _benefit, found = inputs(action("one", 100, failures=[("0.7", 3000)]))
        assert (found.low, found.likely, found.high) == amounts(1050, 2100, 3000)

    def test_what_is_nothing_is_no_input(self) -> None:
        assert [found.id for found in inputs(action("one", 0, monthly=5))] == ["one.monthly"]

    def test_labour_and_one_off_costs_come_once(self) -> None:
        found = {one.id: one for one in inputs(action("one", 1, once=10, days=2), terms=TERMS, monthly=99)}

        assert [name for name, one in found.items() if one.once] == ["one.once", "one.effort"]
        assert found["one.effort"].likely == 3000
        assert found["portfolio.cost"].likely == 1188


class TestTornado:
    def test_the_widest_swing_comes_first(self) -> None:
        found = sensitivities(inputs(action("one", 100), action("two", 300), premium=1000, terms=TERMS), TERMS)
        assert all(first.swing >= second.swing for first, second in pairwise(found))

    def test_each_end_is_the_value_with_that_input_at_its_end(self) -> None:
        found = {
            one.input.id: (one.low, one.high) for one in sensitivities(inputs(action("one", 100), monthly=10), FREE)
        }
        # In the middle 100 - 120; a cost at its low end is 108, at its high end 156.
        assert found == {"one.benefit": amounts(-70, 30), "portfolio.cost": amounts(-8, -56)}

    @settings(max_examples=30)
    @given(actions())
    def test_the_middle_lies_between_the_ends(self, some: tuple[Action, ...]) -> None:
        found = inputs_of(returns(plan(*some)), TERMS)
        middle = likely(found, TERMS)
        for one in sensitivities(found, TERMS):
            assert min(one.low, one.high) <= middle <= max(one.low, one.high)

    def test_without_claims_and_failures_the_middle_is_the_present_value_with_labour(self) -> None:
        result = returns(plan(action("one", 700, monthly=3), premium=0))
        scenario = full(result, TERMS).scenario(View.LABOUR)
        assert scenario
        assert likely(inputs_of(result, TERMS), TERMS) == scenario.npv


class TestSimulation:
    def test_it_is_the_same_on_every_machine(self) -> None:
        """The figures were drawn once, and are compared to the cent ever since."""
        some = inputs(
            action("sign", failures=[("0.1", 50)]),
            action("ai", 8000, basis=Basis.CLAIMED, failures=[("0.2", 10)]),
            terms=TERMS,
            premium=10_000,
            monthly=99,
        )
        assert simulate(some, TERMS, seed=7, runs=2000) == Simulation(
            7, 2000, Decimal("2446.59"), Decimal("13644.12"), Decimal("25337.66"), Decimal("0.0215")
        )

    def test_another_seed_is_another_draw(self) -> None:
        some = inputs(action("one", 1000))
        assert simulate(some, FREE, seed=1, runs=50) != simulate(some, FREE, seed=2, runs=50)

    def test_failures_happen_as_often_as_they_should(self) -> None:
        """One failure in 10 years of 1000 runs, and nothing else: the loss is how often it happened."""
        some = inputs(action("one", 0, failures=[("0.1", 50)]))
        found = simulate(some, FREE, runs=10_000)
        assert Decimal("0.09") < found.loss < Decimal("0.11")
        assert (found.p5, found.p50, found.p95) == amounts(-50, 0, 0)

    def test_the_median_of_a_symmetrical_triangle_is_its_middle(self) -> None:
        found = simulate(inputs(action("one", 1000)), FREE, runs=10_000)
        assert abs(found.p50 - 1000) < 15
        # 5 % of a triangle of width 1000 lie below 500 + sqrt(0.05 * 1000 * 500) = 658.11.
        assert abs(found.p5 - Decimal("658.11")) < 15
        assert abs(found.p95 - Decimal("1341.89")) < 15

    @settings(max_examples=25)
    @given(actions(), st.integers(0, 2**64), st.integers(1, 40))
    def test_it_stays_between_the_worst_and_the_best(self, some: tuple[Action, ...], seed: int, runs: int) -> None:
        found = inputs_of(returns(plan(*some)), TERMS)
        drawn = simulate(found, TERMS, seed=seed, runs=runs)
        steady = [one for one in found if one.failure is None]
        lows = [one.low if one.sign > 0 else one.high for one in steady]
        highs = [one.high if one.sign > 0 else one.low for one in steady]
        factors = [1 if one.once else TERMS.annuity for one in steady]
        worst = sum(
            (one.sign * Fraction(low) * factor for one, low, factor in zip(steady, lows, factors, strict=True)),
            Fraction(0),
        ) - sum(Fraction(one.failure.impact) * TERMS.annuity for one in found if one.failure)
        best = sum(
            (one.sign * Fraction(high) * factor for one, high, factor in zip(steady, highs, factors, strict=True)),
            Fraction(0),
        )

        assert worst - 1 <= drawn.p5 <= drawn.p50 <= drawn.p95 <= best + 1
        assert 0 <= drawn.loss <= 1

    def test_of_nothing_it_is_nothing(self) -> None:
        assert simulate((), TERMS, runs=3) == Simulation(1, 3, Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@given(
    st.integers(0, _ONE - 1),
    st.tuples(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15)),
)
def test_a_triangle_has_its_ends(drawn: int, corners: tuple[int, int, int]) -> None:
    low, middle, high = sorted(corners)
    assert low <= _triangular(drawn, low, middle, high) <= high
    assert _triangular(0, low, middle, high) == low
