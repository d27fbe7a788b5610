"""The flags that say where images are looked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from undercurrent.i18n import translate as _
from undercurrent.workflows.places import Places

__all__ = ["place_options", "places_of"]


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
    registries, layouts, archives, engines = (
        tuple(flags.pop(name)) for name in ("registries", "layouts", "archives", "engines")
    )
    return Places(registries, layouts, archives, engines)
