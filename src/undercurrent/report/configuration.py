"""A view of the settings."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.net import redact
from undercurrent.report.model import Cell, Mood, Report, Table, Text
from undercurrent.settings import Loaded, Origin

__all__ = ["view"]


def _origin(origin: Origin) -> Cell:
    mood: Mood = "quiet" if origin.kind == "default" else ""
    kind = {
        "default": _("default"),
        "file": _("file"),
        "environment": _("environment"),
        "flag": _("flag"),
    }[origin.kind]
    return Cell(f"{kind} {origin.where}".strip(), mood)


def _value(value: object) -> str:
    if isinstance(value, list | dict):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)


def _shown(value: object) -> object:
    """A value as JSON has it; a secret does not belong into a setting, and is not shown if it is there."""
    if isinstance(value, tuple):
        return [redact(str(item)) for item in value]
    if isinstance(value, Mapping):
        return {redact(name): _shown(item) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _shown(item) for name, item in asdict(value).items()}
    return redact(value) if isinstance(value, str) else value


def view(loaded: Loaded) -> Report:
    """Every setting with its value and origin, and the files that were read."""
    rows = [(group, name, _shown(value), origin) for group, name, value, origin in loaded.rows()]
    table = Table(
        [_("setting"), _("value"), _("from")],
        [[f"{group}.{name}", _value(value), _origin(origin)] for group, name, value, origin in rows],
        squeeze=frozenset({1, 2}),
    )
    files = listed(map(str, loaded.files)) or _("none")
    data = {
        "files": [str(path) for path in loaded.files],
        "settings": [
            {
                "name": f"{group}.{name}",
                "value": value,
                "origin": origin.kind,
                "where": origin.where,
            }
            for group, name, value, origin in rows
        ],
    }
    return Report("config", data, [table, Text(_("files read: {files}").format(files=files), "quiet")])
