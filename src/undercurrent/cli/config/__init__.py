"""``uc config``: what is set here."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

group = LazyGroup(
    "config",
    entries={
        "show": Entry("undercurrent.cli.config.show:show", N_("every setting, its value, and where it came from"))
    },
    help=_("What is set, and where each value came from."),
)
