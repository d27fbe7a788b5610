"""The flags that choose images: names, or everything in the places that are named."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session
from undercurrent.cli.image.places import place_options, places_of
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.stores import Stores
from undercurrent.workflows.each import Search
from undercurrent.workflows.estate import find, locate_all, wanted

__all__ = ["choice_options", "chosen"]


def choice_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds names, ``--all``, and the flags that say where to look."""
    body = place_options(body)
    body = click.option("--all", "everything", is_flag=True, help=_("Everything that `uc image list` would find."))(
        body
    )
    return click.argument("references", nargs=-1, metavar="[IMAGE]...")(body)


@asynccontextmanager
async def chosen(
    session: Session, flags: dict[str, Any], *, engine_first: bool = False, read: bool = False
) -> AsyncIterator[tuple[Search, dict[str, Any]]]:
    """The images that the flags of `choice_options` choose, and what was asked for as JSON.

    Args:
        session: has the settings.
        flags: of the command; those of places are taken out.
        engine_first: as `locate_all`.
        read: as `find`.

    Raises:
        UsageError: both names and ``--all`` were given, or neither.
    """
    references, everything, places = flags["references"], flags["everything"], places_of(flags)
    if bool(references) == everything:
        problem = _("names and --all exclude each other") if everything else _("name an image, or say --all")
        raise UsageError(problem, hint=_("`uc image list` shows what --all would take"))
    settings = session.settings
    where = wanted(settings, places) if everything else places
    async with Stores(settings, observer=session.observer) as stores:
        if everything:
            found = find(where, stores, settings.images, read=read, observer=session.observer)
        else:
            found = locate_all(references, where, stores, settings, engine_first=engine_first, read=read)
        # Relative paths and undercurrent.toml mean something else in another folder.
        asked = {"references": list(references), "places": where.as_json(), "directory": str(Path.cwd())}
        yield Search(found, stores), asked
