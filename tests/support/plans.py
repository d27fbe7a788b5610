"""Small plans to reckon with, and a strategy that makes others."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from undercurrent.planning.catalogue import Action, Basis, Benefit, Catalogue, Failure, Label, Portfolio, Source

__all__ = ["MONEY", "PREMIUM", "action", "actions", "amounts", "label", "plan"]

MONEY: Final = st.integers(0, 10**11).map(lambda cents: Decimal(cents).scaleb(-2))
"""Amounts."""
PREMIUM: Final = Decimal(10_000)
"""What the portfolio of `plan` returns."""


def amounts(*numbers: int | str) -> tuple[Decimal, ...]:
    """The numbers as decimals."""
    return tuple(map(Decimal, numbers))


def label(text: str) -> Label:
    """The same in both languages."""
    return Label(text, text)


def action(
    name: str,
    yearly: int | Decimal = 600,
    *,
    basis: Basis = Basis.ASSUMED,
    monthly: int | Decimal = 0,
    once: int | Decimal = 0,
    days: int | Decimal | None = 2,
    failures: Sequence[tuple[str, int]] = (),
    needs: tuple[str, ...] = (),
    shown: Label | None = None,
) -> Action:
    """An action with one benefit."""
    return Action(
        name,
        "",
        label(name),
        needs,
        None if days is None else Decimal(days),
        Decimal(once),
        Decimal(monthly),
        (Benefit("benefit", label(name), Decimal(yearly), basis),),
        shown,
        tuple(Failure(label("fails"), Decimal(chance), Decimal(impact)) for chance, impact in failures),
    )


def plan(*actions: Action, premium: int | Decimal = PREMIUM, monthly: int | Decimal = 99) -> Catalogue:
    """A catalogue with these actions and a portfolio."""
    benefits = (Benefit("premium", label("premium"), Decimal(premium), Basis.CLAIMED),) if premium else ()
    source = Source("nobody", date(2026, 1, 1))
    return Catalogue("plan", label("plan"), "CNY", source, Portfolio(Decimal(monthly), benefits), actions=actions)


@st.composite
def actions(draw: st.DrawFn, *, least: int = 0, most: int = 6) -> tuple[Action, ...]:
    """Some actions of any cost and return."""
    chances = st.integers(0, 100).map(lambda percent: str(Decimal(percent).scaleb(-2)))
    return tuple(
        action(
            f"action{number}",
            draw(MONEY),
            basis=draw(st.sampled_from(Basis)),
            monthly=draw(MONEY),
            once=draw(MONEY),
            days=draw(st.none() | st.integers(0, 100)),
            failures=draw(st.lists(st.tuples(chances, st.integers(0, 10**6)), max_size=2)),
            shown=draw(st.none() | st.just(label("better"))),
        )
        for number in range(draw(st.integers(least, most)))
    )
