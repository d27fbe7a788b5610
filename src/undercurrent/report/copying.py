"""A view of an image that was copied."""

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report
from undercurrent.workflows.copying import Copied

__all__ = ["view"]


def view(copied: Copied) -> Report:
    """What was copied, and where it is."""
    data = {"name": copied.name, "place": copied.place, "digest": copied.descriptor.digest}
    fields = Fields([(_("digest"), copied.descriptor.digest), (_("place"), copied.place)])
    return Report("image-copy", data, [fields], summary=Cell(_("copied"), "good"))
