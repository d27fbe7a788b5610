"""A view of an image that was packed."""

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report
from undercurrent.workflows.packing import Packed

__all__ = ["view"]


def view(packed: Packed) -> Report:
    """What was made, and where it is."""
    data = {
        "name": packed.name,
        "place": packed.place,
        "digest": packed.descriptor.digest,
        "media_type": packed.descriptor.media_type,
        "platforms": packed.platforms,
    }
    fields = Fields([(_("digest"), packed.descriptor.digest), (_("place"), packed.place)])
    summary = _("packed {name}").format(name=packed.name)
    return Report("image-pack", data, [fields], summary=Cell(summary, "good"))
