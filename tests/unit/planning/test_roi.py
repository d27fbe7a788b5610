"""Sums of what actions cost and return: exact, rounded once, and nothing left out unsaid."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.plans import MONEY, action, actions, amounts, label, plan

from undercurrent.errors import NotFound
from undercurrent.planning.catalogue import Action, Basis, Benefit, Measure
from undercurrent.planning.coverage import Share
from undercurrent.planning.roi import Full, Scenario, Terms, View, full, returns
from undercurrent.planning.uncertainty import inputs_of, sensitivities, simulate
from undercurrent.planning.valuing import Part, Worth

RATE = st.integers(0, 10**4).map(lambda points: Decimal(points).scaleb(-4))
TERMS = Terms(Decimal(1500), Decimal("0.08"))
SIGN = action("sign")
ROOTLESS = action("rootless", days=3)
SCHEDULER = action("ai-scheduler", 8000, basis=Basis.CLAIMED, shown=label("-40 %"))
BRIEF = plan(SIGN, ROOTLESS, SCHEDULER)


def view_of(result: Full, view: View) -> Scenario:
    found = result.scenario(view)
    assert found
    return found


def values(thing: Any) -> Iterator[Any]:
    """Every value in a result, properties included."""
    if is_dataclass(thing):
        names = [field.name for field in fields(thing)]
        names += [name for name, value in vars(type(thing)).items() if isinstance(value, property)]
        for found in (getattr(thing, name) for name in names):
            if not isinstance(found, type(thing)):  # one way to look at it leads to the others, without end
                yield from values(found)
    elif isinstance(thing, tuple | list):
        for item in thing:
            yield from values(item)
    else:
        yield thing


class TestShortSum:
    def test_it_is_the_briefs(self) -> None:
        result = returns(BRIEF, ["sign", "rootless", "ai-scheduler"])

        assert (result.monthly, result.yearly, result.cost) == amounts(99, 11_200, 1188)
        assert (result.percent, result.ratio) == amounts(843, "8.4276")
        assert result.described == 8000

    def test_a_return_that_is_only_described_is_in_no_short_sum(self) -> None:
        assert returns(BRIEF, ["sign"]).yearly == returns(BRIEF, ["sign", "ai-scheduler"]).yearly

    def test_without_a_choice_it_is_all_that_return_something(self) -> None:
        idle = Action("idle", "", label("idle"))
        assert [line.action.id for line in returns(plan(SIGN, idle, ROOTLESS)).lines] == ["sign", "rootless"]

    def test_an_unknown_action_is_refused_with_the_one_that_was_meant(self) -> None:
        with pytest.raises(NotFound, match="plan has no action 'sing'") as caught:
            returns(BRIEF, ["sing"])
        assert caught.value.hint == "did you mean 'sign'?"

    def test_what_has_to_be_done_before_is_missed(self) -> None:
        later = action("later", needs=("sign", "rootless"))
        catalogue = plan(SIGN, ROOTLESS, later)

        assert returns(catalogue, ["later", "sign"]).lines[0].missing == ("rootless",)
        assert returns(catalogue, ["later", "sign", "rootless"]).lines[0].missing == ()

    def test_where_nothing_is_paid_there_is_no_ratio(self) -> None:
        result = returns(plan(SIGN, monthly=0), ["sign"])
        assert result.cost == 0
        assert (result.ratio, result.percent) == (None, None)

    def test_a_loss_is_below_nothing(self) -> None:
        result = returns(plan(action("box", 360, once=3000), premium=0, monthly=0))
        assert (result.percent, result.ratio) == amounts(-88, "-0.8800")

    def test_a_return_rests_on_its_weakest_part(self) -> None:
        mixed = Action(
            "mixed",
            "",
            label("mixed"),
            benefits=(Benefit("a", label("a"), Decimal(1)), Benefit("b", label("b"), Decimal(1), Basis.CLAIMED)),
        )
        assert returns(plan(mixed)).lines[0].basis is Basis.CLAIMED

    @settings(max_examples=30)
    @given(actions())
    def test_sums_are_sums(self, some: tuple[Action, ...]) -> None:
        result = returns(plan(*some))
        counted = [line for line in result.lines if line.shown is None]

        assert result.monthly == 99 + sum(one.monthly for one in some)
        assert result.once == sum(one.once for one in some)
        assert result.yearly == 10_000 + sum(line.yearly for line in counted)
        assert result.yearly + result.described == 10_000 + sum(one.yearly for one in some)

    @settings(max_examples=30)
    @given(st.data(), actions(least=1))
    def test_the_order_is_the_askers_and_changes_no_sum(self, data: st.DataObject, some: tuple[Action, ...]) -> None:
        ids = [one.id for one in some]
        order = data.draw(st.permutations(ids))
        again = [*order, *data.draw(st.lists(st.sampled_from(ids)))]
        result = returns(plan(*some), again)

        assert [line.action.id for line in result.lines] == order
        for name in ("monthly", "once", "yearly", "described", "ratio", "percent"):
            assert getattr(result, name) == getattr(returns(plan(*some), ids), name)

    @given(MONEY, MONEY.filter(bool))
    def test_percents_are_rounded_half_up_once(self, benefit: Decimal, cost: Decimal) -> None:
        percent = returns(plan(action("one", benefit, once=cost), premium=0, monthly=0)).percent

        exact = (Fraction(benefit) - Fraction(cost)) / Fraction(cost) * 100
        assert percent is not None
        assert abs(Fraction(percent) - exact) <= Fraction(1, 2)
        if abs(Fraction(percent) - exact) == Fraction(1, 2):
            assert abs(percent) > abs(exact)


class TestMeasured:
    WORTH = Worth(
        (
            Part(Share(Measure.IMAGES_SIGNED, 3, 5), Decimal(36)),
            Part(Share(Measure.BYTES_COPIED, 9, 9), Decimal("0.54")),
        )
    )

    def test_what_is_measured_stands_for_what_is_assumed(self) -> None:
        line = returns(BRIEF, ["sign"], {"sign": self.WORTH}).lines[0]
        assert (line.yearly, line.basis) == (Decimal("36.54"), Basis.MEASURED)

    def test_what_is_measured_is_counted_where_a_claim_is_only_described(self) -> None:
        result = returns(BRIEF, ["ai-scheduler"], {"ai-scheduler": self.WORTH})
        assert (result.yearly, result.described) == amounts("10036.54", 0)
        assert result.lines[0].shown is None

    def test_nothing_done_is_nothing_returned(self) -> None:
        nothing = Worth((Part(Share(Measure.IMAGES_SIGNED, 0, 5), Decimal(0)),))
        line = returns(BRIEF, ["sign"], {"sign": nothing}).lines[0]
        assert (line.yearly, line.basis) == (Decimal(0), Basis.MEASURED)


class TestFull:
    def test_labour_and_the_premium_turn_the_briefs_return_round(self) -> None:
        result = full(returns(BRIEF, ["sign", "rootless", "ai-scheduler"]), TERMS)

        assert (result.days, result.labour, result.losses) == amounts(7, 10_500, 0)
        assert {scenario.view: scenario.percent for scenario in result.scenarios} == {
            View.SHORT: 843,
            View.DESCRIBED: 1516,
            View.WITHOUT_PORTFOLIO: 1,
            View.LABOUR: -4,
            View.BARE: -90,
        }
        assert view_of(result, View.BARE).net == 1200 - 11_688

    def test_expected_losses_are_taken_off_a_years_return(self) -> None:
        risky = plan(action("risky", 5000, failures=[("0.3", 50), ("0.1", 200)]))
        result = full(returns(risky), TERMS)

        assert result.losses == 35
        assert view_of(result, View.LOSSES).yearly == 4965

    def test_effort_that_nobody_said_is_named(self) -> None:
        result = full(returns(plan(SIGN, action("vague", days=None))), TERMS)
        assert (result.days, [one.id for one in result.unknown]) == (Decimal(2), ["vague"])

    @pytest.mark.parametrize(
        ("yearly", "monthly", "outlay", "months"),
        [
            (1200, 0, 1000, 10),
            (1200, 0, 1001, 11),
            (1200, 50, 1000, 20),
            (1200, 100, 1000, None),
            (1200, 100, 0, 0),
            (1200, 101, 0, None),
            (1200, 0, 0, 0),
            (0, 0, 0, 0),
            (0, 1, 0, None),
        ],
    )
    def test_pay_back(self, yearly: int, monthly: int, outlay: int, months: int | None) -> None:
        scenario = Scenario(View.SHORT, Decimal(yearly), Decimal(monthly), Decimal(outlay), TERMS)
        assert scenario.payback_months == months

    def test_present_value_is_that_of_the_textbook(self) -> None:
        # 1000 now against 500 at the end of each of three years at 10 %: 454.55 + 413.22 + 375.66 - 1000.
        terms = Terms(Decimal(0), Decimal("0.1"))
        scenario = Scenario(View.SHORT, Decimal(620), Decimal(10), Decimal(1000), terms)
        assert scenario.npv == Decimal("243.43")

    @settings(max_examples=30)
    @given(actions(), st.integers(1, 30), st.decimals(0, 1, places=4), st.decimals(0, 10**5, places=2))
    def test_present_value_is_the_sum_of_the_years(
        self, some: tuple[Action, ...], years: int, rate: Decimal, day: Decimal
    ) -> None:
        result = full(returns(plan(*some)), Terms(day, rate, years))

        for scenario in result.scenarios:
            left = scenario.yearly - 12 * scenario.monthly
            with localcontext(prec=80):
                value = sum((left / (1 + rate) ** year for year in range(1, years + 1)), -scenario.outlay)
                assert scenario.npv == value.quantize(Decimal("0.01"), ROUND_HALF_UP)

    @settings(max_examples=30)
    @given(actions())
    def test_there_is_no_float_in_any_result(self, some: tuple[Action, ...]) -> None:
        result = full(returns(plan(*some)), TERMS)
        inputs = inputs_of(result.result, TERMS)
        everything = [result, inputs, sensitivities(inputs, TERMS), simulate(inputs, TERMS, runs=5)]
        assert not [value for value in values(everything) if isinstance(value, float)]
