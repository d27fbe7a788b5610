"""The flags that choose records."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import click

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _

__all__ = ["criteria", "filter_options"]


def filter_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command."""
    for name, metavar, help_text in (
        ("--since", "DATE", _("Not before this date or time (ISO 8601, local time).")),
        ("--run", "RUN", _("Of this run.")),
        ("--name", "NAME", _("Of the image or file of this name.")),
        ("--outcome", "OUTCOME", _("With this outcome, such as verified.")),
        ("--subject", "DIGEST", _("About this digest or path.")),
        ("--kind", "KIND", _("Of this kind, such as image-signed.")),
    ):
        body = click.option(name, metavar=metavar, help=help_text)(body)
    return body


def criteria(flags: Mapping[str, str | None]) -> dict[str, Any]:
    """The flags' values as `Evidence.query` takes them.

    Raises:
        UsageError: ``--since`` is no date.
    """
    since = flags["since"]
    try:
        return {**flags, "since": datetime.fromisoformat(since).astimezone() if since else None}
    except ValueError as error:
        raise UsageError(
            _("--since {text!r} is no date").format(text=since), hint=_("write it as 2026-11-30 or 2026-11-30T08:00")
        ) from error
