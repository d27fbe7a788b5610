"""A view of a page that was written."""

from pathlib import Path

from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report
from undercurrent.report.units import size
from undercurrent.workflows.pages import Sheet

__all__ = ["view"]


def view(path: Path, text: str, sheet: Sheet) -> Report:
    """Where it is, and what is in it.

    Args:
        path: the file.
        text: what it holds.
        sheet: what that shows.
    """
    length, total = len(text.encode()), sheet.standing.coverage.records
    fields = Fields([(_("file"), str(path)), (_("size"), size(length)), (_("records of evidence"), f"{total:,}")])
    data = {"file": str(path), "bytes": length, "day": sheet.standing.day.isoformat(), "records": total}
    return Report("report", data, [fields], summary=Cell(_("written: open it in a browser"), "good"))
