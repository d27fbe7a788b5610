"""``uc evidence``: what was done, to what, and how it was proved."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

group = LazyGroup(
    "evidence",
    entries={
        "list": Entry("undercurrent.cli.evidence.list:list_", N_("the newest records, or those that you ask for")),
        "show": Entry("undercurrent.cli.evidence.show:show", N_("one record, whole")),
        "export": Entry("undercurrent.cli.evidence.export:export", N_("all records, as JSON or CSV")),
    },
    help=_("What was done, to what, and how it was proved."),
)
