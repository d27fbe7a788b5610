"""``uc trust``: the root of trust that identities are verified with."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.trust"

group = LazyGroup(
    "trust",
    entries={
        "show": Entry(f"{_HERE}.show:show", N_("which root of trust is used, how old it is, and whom it has in it")),
        "update": Entry(f"{_HERE}.update:update", N_("ask the mirror that keeps it up to date")),
    },
    help=_("The root of trust that vouches for identities: certificate authorities, logs, timestamp authorities."),
)
