"""What a day looks like before the windows of a plan, and the calendar that reminds of them."""

from datetime import UTC, date, datetime
from pathlib import Path

from undercurrent.planning.calendar import calendar
from undercurrent.planning.catalogue import Catalogue
from undercurrent.planning.coverage import Coverage
from undercurrent.planning.loading import Catalogues
from undercurrent.planning.outlook import Outlook, outlook
from undercurrent.planning.windows import today
from undercurrent.settings import Settings
from undercurrent.workflows.covering import covered
from undercurrent.workflows.keeping import keep

__all__ = ["calendar_of", "keep_calendar", "look_out"]


def look_out(
    catalogue: Catalogue,
    catalogues: Catalogues,
    settings: Settings,
    *,
    day: date | None = None,
    urgent: int,
    evidence: bool = False,
) -> Outlook:
    """What ``day`` looks like before the windows of ``catalogue``.

    Args:
        catalogue: what is planned from.
        catalogues: where to look for what is open instead.
        settings: the time zone, how far to look, and where evidence is.
        day: today, in the user's time zone, when None.
        urgent: days before its day from which a window is urgent.
        evidence: look into the evidence for what is done.

    Raises:
        ConfigError: no such time zone.
        UndercurrentError: as `undercurrent.evidence.open_store` does.
    """
    return outlook(
        catalogue,
        catalogues.all,
        day or today(settings.planning.time_zone),
        horizon=settings.planning.horizon_days,
        urgent=urgent,
        coverage=_coverage(settings) if evidence else None,
    )


def calendar_of(outlook: Outlook) -> bytes:
    """A calendar with the windows that ``outlook`` is about."""
    return calendar([view.catalogue for view in (outlook.view, *outlook.others)], datetime.now(UTC))


def keep_calendar(outlook: Outlook, path: Path) -> Path:
    """Writes that calendar to ``path``, in the place of what is there.

    Returns:
        ``path``.

    Raises:
        EnvironmentLacks: it cannot be written.
    """
    keep(calendar_of(outlook), path)
    return path


def _coverage(settings: Settings) -> Coverage:
    from undercurrent.evidence import open_store  # noqa: PLC0415 - brings a database layer along

    with open_store(settings.evidence.location) as store:
        return covered(store, settings, datetime.now(UTC))
