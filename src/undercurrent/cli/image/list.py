"""``uc image list``."""

from typing import Any

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.places import place_options, places_of
from undercurrent.i18n import translate as _
from undercurrent.oci.stores import Stores
from undercurrent.report import listing as view
from undercurrent.report.model import Report
from undercurrent.workflows.each import Search
from undercurrent.workflows.estate import find, wanted
from undercurrent.workflows.listing import list_images

__all__ = ["list_"]


@command("list", help=_("Your images: in the places you name, else in undercurrent.toml's, else on this machine."))
@place_options
@setting("--include", of=("images", "include"), multiple=True, metavar="PATTERN", help=_("Only names like this."))
@setting("--exclude", of=("images", "exclude"), multiple=True, metavar="PATTERN", help=_("No names like this."))
async def list_(session: Session, **flags: Any) -> Report:
    """Finds and lists them."""
    places = wanted(session.settings, places_of(flags))
    async with Stores(session.settings, observer=session.observer) as stores:
        found = find(places, stores, session.settings.images, read=True, observer=session.observer)
        return view.view(await list_images(Search(found, stores), session.settings, observer=session.observer))
