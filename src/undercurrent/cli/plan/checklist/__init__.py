"""``uc plan checklist``: what has to be done, and what of it evidence shows."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.plan.checklist"

group = LazyGroup(
    "checklist",
    entries={
        "list": Entry(f"{_HERE}.list:list_", N_("the checklists of the catalogues, and how much of each is ticked")),
        "show": Entry(f"{_HERE}.show:show", N_("all items of a checklist, with what evidence says of them")),
        "status": Entry(f"{_HERE}.status:status", N_("how many items are done, open, overdue; what comes next")),
        "mark": Entry(f"{_HERE}.mark:mark", N_("say by hand that items are done, or open again")),
        "export": Entry(f"{_HERE}.export:export", N_("Markdown files with boxes, ticked as the items stand")),
        "import": Entry(f"{_HERE}.import_:import_", N_("make a catalogue of anybody's list in Markdown")),
    },
    help=_("What has to be done, and what of it evidence shows; a mark made by hand is kept, and shown as one."),
)
