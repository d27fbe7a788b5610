"""``uc image``: find, pack, sign, attest and verify images."""

from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["group"]

_HERE = "undercurrent.cli.image"

group = LazyGroup(
    "image",
    entries={
        "list": Entry(f"{_HERE}.list:list_", N_("your images: platforms, size, age, signed or not, SBOM or not")),
        "tree": Entry(f"{_HERE}.tree:tree", N_("what hangs on an image: platforms, signatures, attestations, SBOMs")),
        "pack": Entry(f"{_HERE}.pack:pack", N_("make an image from a folder or a root filesystem, reproducibly")),
        "copy": Entry(f"{_HERE}.copy:copy", N_("copy an image, with what hangs on it")),
        "sbom": Entry(f"{_HERE}.sbom:sbom", N_("list what is in an image, as SPDX or CycloneDX")),
        "sign": Entry(f"{_HERE}.sign:sign", N_("sign images, and attach their SBOMs")),
        "attest": Entry(f"{_HERE}.attest:attest", N_("sign a statement about an image and attach it")),
        "verify": Entry(f"{_HERE}.verify:verify", N_("say of each image whether a key that you trust signed it")),
    },
    help=_("Find, pack, sign, attest and verify images."),
)
