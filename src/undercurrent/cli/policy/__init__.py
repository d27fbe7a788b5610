"""``uc policy``: write policies, and try them out before they decide."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.policy"

group = LazyGroup(
    "policy",
    entries={
        "check": Entry(f"{_HERE}.check:check", N_("read a policy, and say which of its rules are about an image")),
        "test": Entry(f"{_HERE}.test:test", N_("try a policy on recorded cases")),
        "record": Entry(f"{_HERE}.record:record", N_("make cases of images, with all that hangs on them")),
        "schema": Entry(f"{_HERE}.schema:schema", N_("print the JSON Schema of policy files, for editors")),
    },
    help=_("Which images have to be signed by whom, and what else they need: `uc image verify --policy FILE` decides."),
)
