"""``uc key``: signing keys, in files that cosign reads and writes too."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.key"

group = LazyGroup(
    "key",
    entries={
        "generate": Entry(f"{_HERE}.generate:generate", N_("make a key pair: cosign.key and cosign.pub")),
        "show": Entry(f"{_HERE}.show:show", N_("kind and fingerprint of a key file")),
        "public": Entry(f"{_HERE}.public:public", N_("print the public half of a private key")),
        "import": Entry(f"{_HERE}.importing:import_", N_("turn any private key into cosign's key files")),
        "rotate": Entry(f"{_HERE}.rotate:rotate", N_("put a new key in the place of an old one, and keep the old one")),
        "images": Entry(f"{_HERE}.images:images", N_("what a key signed, and what depends on it alone")),
        "change-password": Entry(f"{_HERE}.change_password:change_password", N_("encrypt a key with another password")),
    },
    help=_("Signing keys, in files that cosign reads and writes too."),
)
