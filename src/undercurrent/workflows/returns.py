"""What a plan returns: out of a catalogue, and out of evidence where that is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Catalogue, Measure
from undercurrent.planning.roi import Full, Return, Terms, full, returns
from undercurrent.planning.tracker import tracker
from undercurrent.planning.uncertainty import Sensitivity, Simulation, inputs_of, likely, sensitivities, simulate
from undercurrent.planning.valuing import worths
from undercurrent.settings import Settings
from undercurrent.workflows.covering import covered
from undercurrent.workflows.keeping import keep, read_back

if TYPE_CHECKING:
    from undercurrent.planning.coverage import Coverage

__all__ = ["YEAR", "Planned", "Study", "plan_return", "study", "track"]

YEAR: Final = timedelta(days=365)
"""What bytes are summed over."""
_LARGEST: Final = 1024
"""KiB of a tracker."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A return, and what it was made from.

    Attributes:
        catalogue: where the actions are.
        result: the sum.
        coverage: what evidence knows; None if nobody asked for it.
    """

    catalogue: Catalogue
    result: Return
    coverage: "Coverage | None" = None


@dataclass(frozen=True, slots=True)
class Study:
    """A return looked at from all sides.

    Attributes:
        full: with what the short sum leaves out.
        likely: the net present value with every input at its most likely.
        sensitivities: what each input alone does to it.
        simulation: what all of them do at once.
        bare: likewise, without the benefits of the portfolio; None where it has none.
    """

    full: Full
    likely: Decimal
    sensitivities: tuple[Sensitivity, ...]
    simulation: Simulation
    bare: Simulation | None = None


def plan_return(
    catalogue: Catalogue, chosen: Iterable[str] | None, settings: Settings, *, evidence: bool = False
) -> Planned:
    """The return of ``chosen``; with ``evidence``, what is measured stands for what is assumed.

    Args:
        catalogue: where the actions are.
        chosen: ids or numbers of actions; all that return something when None.
        settings: where evidence is, and what a gigabyte costs.
        evidence: look into the evidence.

    Raises:
        NotFound: the catalogue has no such action.
        UndercurrentError: as `undercurrent.evidence.open_store` does.
    """
    chosen = None if chosen is None else tuple(chosen)
    result = returns(catalogue, chosen)
    if not evidence:
        return Planned(catalogue, result)
    coverage = _measured(settings, datetime.now(UTC))
    worth = worths(catalogue.actions, coverage.shares, settings.planning.egress_price)
    return Planned(catalogue, returns(catalogue, chosen, worth), coverage)


def _measured(settings: Settings, at: datetime) -> "Coverage":
    """What evidence knows by ``at``; bytes are those of the year before."""
    from undercurrent.evidence import open_store  # noqa: PLC0415 - brings a database layer along

    with open_store(settings.evidence.location) as store:
        found = covered(store, settings, at)
        year = covered(store, settings, at, kind="image-copied", since=at - YEAR)
    return replace(found, shares={**found.shares, Measure.BYTES_COPIED: year.shares[Measure.BYTES_COPIED]})


def study(planned: Planned, settings: Settings, *, years: int = 3, seed: int = 1, runs: int = 10_000) -> Study:
    """Looks at a return from all sides.

    Args:
        planned: the return.
        settings: what a person-day costs, and what waiting for money does.
        years: how far to look.
        seed: of the simulation: the same one gives the same figures.
        runs: of the simulation.
    """
    terms = Terms(settings.planning.day_rate, settings.planning.discount_rate, years)
    inputs = inputs_of(planned.result, terms)
    bare = inputs_of(planned.result.bare, terms)
    return Study(
        full(planned.result, terms),
        likely(inputs, terms),
        sensitivities(inputs, terms),
        simulate(inputs, terms, seed=seed, runs=runs),
        simulate(bare, terms, seed=seed, runs=runs) if bare != inputs else None,
    )


def track(planned: Planned, path: Path) -> Path:
    """Writes planned against actual to ``path``; what people wrote there stays.

    Returns:
        ``path``.

    Raises:
        UsageError: there is another file, or it cannot be read.
        EnvironmentLacks: it cannot be written.
    """
    old = read_back(path, at_most=_LARGEST) if path.exists() else ""
    try:
        text = tracker(planned.catalogue, planned.result, old)
    except UsageError as error:
        raise UsageError(_("{what}: {why}").format(what=path, why=error.message), hint=error.hint) from error
    keep(text, path)
    return path
