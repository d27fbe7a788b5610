"""Actions of a plan with what a test is about, and nothing else."""

from collections.abc import Iterable
from decimal import Decimal

from undercurrent.planning.catalogue import Action, Benefit, Failure, Label

__all__ = ["action"]


def action(
    name: str,
    *,
    yearly: int | str | Decimal = 0,
    risk: int | str | Decimal = 0,
    days: int | str | Decimal | None = 0,
    once: int | str | Decimal = 0,
    monthly: int | str | Decimal = 0,
    needs: Iterable[str] = (),
) -> Action:
    """An action that returns ``yearly``, in one benefit, and is expected to lose ``risk``, in one certain failure."""
    label = Label(name, name)
    return Action(
        name,
        name,
        label,
        tuple(needs),
        None if days is None else Decimal(days),
        Decimal(once),
        Decimal(monthly),
        (Benefit("all", label, Decimal(yearly)),),
        failures=(Failure(label, Decimal(1), Decimal(risk)),),
    )
