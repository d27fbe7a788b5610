"""The flags that choose images: names, or everything in the places that are named."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.workflows.estate import Places

__all__ = ["chosen", "place_options", "places_of"]


def place_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags that say where to look."""
    path = click.Path(path_type=Path)
    for name, key, kind, metavar, help_text in (
        ("--engine", "engines", click.Choice(["auto", "docker", "podman"]), None, _("Look in a local engine.")),
        ("--archive", "archives", path, "FILE", _("Look in an archive (OCI or docker-archive tar).")),
        ("--layout", "layouts", path, "DIR", _("Look in an OCI layout.")),
        ("--registry", "registries", str, "HOST[/PATH]", _("Look in a registry, or in a part of it.")),
    ):
        body = click.option(name, key, type=kind, metavar=metavar, multiple=True, help=help_text)(body)
    return body


def places_of(flags: dict[str, Any]) -> Places:
    """The places that the flags name; takes them out of ``flags``."""
    names = ("registries", "layouts", "archives", "engines")
    return Places(**{name: tuple(flags.pop(name)) for name in names})


def chosen(references: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """The names that were typed; none means everything.

    Raises:
        UsageError: both names and ``--all`` were given, or neither.
    """
    if bool(references) == everything:
        problem = _("names and --all exclude each other") if everything else _("name an image, or say --all")
        raise UsageError(problem, hint=_("`uc image list` shows what --all would take"))
    return tuple(references)
