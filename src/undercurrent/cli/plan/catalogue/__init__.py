"""``uc plan catalogue``: the files that plans are made from."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.plan.catalogue"

group = LazyGroup(
    "catalogue",
    entries={
        "list": Entry(f"{_HERE}.list:list_", N_("the catalogues that can be used, and how old what they say is")),
        "show": Entry(f"{_HERE}.show:show", N_("everything that a catalogue says")),
        "check": Entry(f"{_HERE}.check:check", N_("read catalogues of your own, and say all that is wrong with them")),
        "schema": Entry(f"{_HERE}.schema:schema", N_("print the JSON Schema of catalogues, for editors")),
    },
    help=_("Files that say what could be done, until when, and what it costs and returns: built-in, and your own."),
)
