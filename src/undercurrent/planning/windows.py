"""How many days are left until the dates of a catalogue, for somebody whose day it is now.

A date has no time in it: it is over when the day is over where the user is.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Catalogue, Window

__all__ = ["URGENT_DAYS", "WindowState", "today", "window_states", "zone_of"]

URGENT_DAYS: Final = 14
"""Days before its end from which a window is urgent, unless somebody says otherwise: two weeks are one release."""


@dataclass(frozen=True, slots=True)
class WindowState:
    """A window as it stands on a day, for one of its actions.

    Attributes:
        window: the date.
        action: what it is for; None where it is for none of the catalogue's actions.
        days: until its day; 0 on the day itself, less than 0 after it.
    """

    window: Window
    action: Action | None
    days: int

    @property
    def over(self) -> bool:
        """Whether its day has passed."""
        return self.days < 0


def window_states(catalogue: Catalogue, day: date) -> tuple[WindowState, ...]:
    """Where the windows of a catalogue stand on ``day``, one state for each action of each window.

    Those to come stand first, the next one first, then those that are over, the latest first; on the same day, in the
    order of the catalogue.
    """
    states = list(_states(catalogue, day))
    return tuple(sorted(states, key=lambda state: (state.over, abs(state.days))))


def _states(catalogue: Catalogue, day: date) -> Iterator[WindowState]:
    known = catalogue.by_id
    for window in catalogue.windows:
        days = (window.day - day).days
        actions: list[Action | None] = [known[name] for name in window.actions if name in known]
        for action in actions or [None]:
            yield WindowState(window, action, days)


def today(zone: str = "", *, now: datetime | None = None) -> date:
    """The date where the user is.

    Args:
        zone: a time zone by its IANA name; the machine's own when empty.
        now: the moment, with its time zone; this one when None.

    Raises:
        ConfigError: no such time zone is known here.
    """
    moment = now or datetime.now(UTC)
    return moment.astimezone(zone_of(zone) if zone else None).date()


def zone_of(name: str) -> ZoneInfo:
    """The time zone called ``name`` in the IANA database: ``Asia/Shanghai``.

    Raises:
        ConfigError: no such time zone is known here.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a name may also be no path, or that of a folder
        message = _("planning.time_zone: {name!r} is not a known time zone").format(name=name)
        raise ConfigError(message, hint=_hint(name)) from error


def _hint(name: str) -> str:
    """What somebody who wrote ``name`` may have meant: a zone by nearly that name, or with a city by nearly that."""
    zones = {key: zone for zone in sorted(available_timezones()) for key in (zone.casefold(), _city(zone))}
    if not zones:
        return _("this machine has no time zone database: install tzdata, or leave planning.time_zone empty")
    for wanted in (name.casefold(), _city(name)) if len(name) <= _LONGEST_NAME else ():
        if close := difflib.get_close_matches(wanted, zones, 1, _ALIKE):
            return _("did you mean {name!r}?").format(name=zones[close[0]])
    return _("names are like Asia/Shanghai or Europe/Berlin; leave it empty for the zone of this machine")


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].casefold()


_LONGEST_NAME: Final = 100
_ALIKE: Final = 0.8
