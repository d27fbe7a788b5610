"""``uc plan``: what could be done, what it costs and returns, what it risks, and until when."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.plan"

group = LazyGroup(
    "plan",
    entries={
        "claims": Entry(f"{_HERE}.claims:claims", N_("what others say, and what is known of it")),
        "catalogue": Entry(f"{_HERE}.catalogue:group", N_("list, show and check the files that plans are made from")),
        "checklist": Entry(f"{_HERE}.checklist:group", N_("list, show, tick and export what has to be done")),
        "roi": Entry(f"{_HERE}.roi:roi", N_("what actions cost and return, and how sure that is")),
        "risk": Entry(f"{_HERE}.risk:risk", N_("choose actions for what you are ready to put at stake")),
        "window": Entry(f"{_HERE}.window:window", N_("how many days are left, and what is over")),
    },
    help=_("What could be done, what it costs, returns and risks, and until when: from catalogues, and evidence."),
)
