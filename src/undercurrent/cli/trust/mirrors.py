"""The flags that say where roots of trust come from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import setting
from undercurrent.i18n import translate as _

__all__ = ["mirror_options"]


def mirror_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command; what they say reaches it as settings."""
    body = setting(
        "--tuf-root",
        of=("signing", "tuf_root"),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Root metadata that trust in the mirror begins with."),
    )(body)
    return setting(
        "--tuf-mirror",
        of=("signing", "tuf_mirror"),
        metavar="URL",
        help=_("Mirror that keeps roots of trust up to date (The Update Framework)."),
    )(body)
