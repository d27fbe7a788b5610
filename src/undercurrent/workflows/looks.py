"""Remembers when somebody looked last, for each evidence store, so that the next look can say what changed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.durable import locked_briefly, replacing
from undercurrent.progress import Noted, Observer
from undercurrent.settings import state_folder

__all__ = ["last_look", "looks_file", "remember_look"]

_VERSION: Final = 1
_KEPT: Final = 100
"""Evidence stores that are remembered; the one that was looked at longest ago goes first."""
_LARGEST: Final = 256 * 1024


def looks_file() -> Path:
    """Where that is kept."""
    return state_folder() / "looks.json"


def last_look(where: str) -> datetime | None:
    """When somebody looked at the evidence ``where`` last; None if nobody did, or nobody can tell any more."""
    text = _read().get(where, "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def remember_look(where: str, at: datetime, observer: Observer) -> None:
    """Remembers that somebody looked at the evidence ``where``; if that cannot be kept, the observer is told why."""
    try:
        _keep(where, at)
    except EnvironmentLacks as error:
        observer(Noted(error.message))


def _keep(where: str, at: datetime) -> None:
    path = looks_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be written: {reason}").format(path=path, reason=system_reason(error))
        ) from error
    with locked_briefly(path.with_suffix(".lock")):
        looks = {name: text for name, text in _read().items() if name != where}
        looks[where] = at.astimezone(UTC).isoformat()
        document = {"version": _VERSION, "looks": dict(list(looks.items())[-_KEPT:])}
        with replacing(path, path.parent, lasting=False) as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=1).encode())


def _read() -> dict[str, str]:
    """What is kept; nothing of a file that is not there, or not ours: then everything is new once more."""
    try:
        with looks_file().open("rb") as file:
            document = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    looks = document.get("looks") if isinstance(document, dict) else None
    if not isinstance(looks, dict):
        return {}
    return {name: text for name, text in looks.items() if isinstance(text, str)}
