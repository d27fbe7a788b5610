"""What evidence knows of an estate, by the settings that say what counts."""

from datetime import datetime
from typing import TYPE_CHECKING

from undercurrent.settings import Settings

if TYPE_CHECKING:
    from undercurrent.evidence import Evidence
    from undercurrent.planning.coverage import Coverage

__all__ = ["covered"]


def covered(
    store: "Evidence", settings: Settings, at: datetime, *, kind: str | None = None, since: datetime | None = None
) -> "Coverage":
    """What ``store`` knows by ``at``.

    Args:
        store: of evidence, open.
        settings: which images count, and for how long.
        at: the moment that this is about; aware.
        kind: only records of this kind.
        since: only records of this moment or later; aware.

    Raises:
        UndercurrentError: as `Evidence.query` does.
    """
    from undercurrent.planning.coverage import Counted  # noqa: PLC0415 - most runs do not count
    from undercurrent.planning.tally import coverage  # noqa: PLC0415 - likewise

    counted = Counted.of(settings.images, settings.planning.seen_days)
    return coverage(store.query(kind=kind, since=since, newest=False), at, counted)
