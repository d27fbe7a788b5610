"""What the page shows: where you stand, looked at from all sides, with the records that its figures rest on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from undercurrent.errors import NotFound
from undercurrent.evidence import Evidence, Record, open_store
from undercurrent.planning.catalogue import Profile
from undercurrent.planning.loading import Catalogues
from undercurrent.planning.portfolio import Budget, Choice, choose
from undercurrent.planning.windows import zone_of
from undercurrent.settings import Settings
from undercurrent.workflows.returns import Study, plan_return, study
from undercurrent.workflows.standing import Deep, Standing, standing

__all__ = ["WORSE", "Sheet", "sheet", "with_linked"]

WORSE: Final = 20
"""Images that got worse since the last look, of which the page tells."""
_RUNS: Final = 2000
"""Futures that are simulated: enough for whole percents, and quick."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the page shows.

    Attributes:
        standing: where you stand.
        deep: what takes longer.
        zone: in which times are shown; the machine's when None.
        study: what comes back of the actions that the most careful profile takes; of all where there are no profiles.
        choices: what each profile would take, the one with the smallest budget first.
        records: the newest first; all that figures link to are among them.
    """

    standing: Standing
    deep: Deep
    zone: tzinfo | None
    study: Study
    choices: tuple[tuple[Profile, Choice], ...]
    records: tuple[Record, ...]

    @property
    def linked(self) -> frozenset[str]:
        """Identifiers of the records that figures link to."""
        shares = self.standing.coverage.shares.values()
        changes = self.standing.changes
        worse = [state.record for _before, state in changes.worse[:WORSE]] if changes else []
        return frozenset((*worse, *(record for share in shares for record in share.records)))


def sheet(
    settings: Settings, *, day: date | None = None, catalogues: Catalogues | None = None, only: str | None = None
) -> Sheet:
    """Gathers it.

    Args:
        settings: where things are.
        day: as for `undercurrent.workflows.standing.standing`; likewise ``catalogues`` and ``only``.
        catalogues: those that can be used.
        only: the id of the one catalogue to look at.

    Raises:
        UndercurrentError: evidence or a catalogue cannot be read.
    """
    found = standing(settings, day=day, catalogues=catalogues, only=only)
    deep = found.deep
    assert deep is not None  # noqa: S101 - it was asked for
    catalogue = found.catalogue
    budgets = ((profile, Budget(profile.money, profile.days, profile.risk)) for profile in catalogue.profiles)
    choices = tuple((profile, choose(catalogue.actions, budget)) for profile, budget in budgets)
    taken = [action.id for action in choices[0][1].actions] if choices else None
    planned = plan_return(catalogue, taken or None, settings)
    zone = zone_of(settings.planning.time_zone) if settings.planning.time_zone else None
    made = Sheet(found, deep, zone, study(planned, settings, runs=_RUNS), choices, ())
    with open_store(settings.evidence.location) as store:
        return Sheet(found, deep, zone, made.study, choices, with_linked(store, deep.records, made.linked))


def with_linked(store: Evidence, newest: Iterable[Record], wanted: Iterable[str]) -> tuple[Record, ...]:
    """``newest``, and those among ``wanted`` that are not; the newest first."""
    found = {record.id: record for record in newest}
    for name in set(wanted) - found.keys():
        try:
            found[name] = store.get(name)
        except NotFound:  # somebody empties the store while it is read: then a link leads nowhere
            continue
    return tuple(found[name] for name in sorted(found, reverse=True))
