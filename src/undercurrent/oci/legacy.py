"""What cosign keeps under names made from digests: an image manifest with a layer for each signature or attestation.

See https://github.com/sigstore/cosign/blob/v3.1.3/specs/SIGNATURE_SPEC.md.
"""

import json
from collections.abc import Sequence
from typing import Final

from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import NOTHING, Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import Manifest, build_manifest
from undercurrent.oci.store import Amended

__all__ = ["ATTESTATIONS", "ENDINGS", "SBOM", "SIGNATURES", "legacy_config", "legacy_name", "with_layers"]

SIGNATURES: Final = ".sig"
ATTESTATIONS: Final = ".att"
SBOM: Final = ".sbom"
ENDINGS: Final = (SIGNATURES, ATTESTATIONS, SBOM)

_CREATED: Final = "0001-01-01T00:00:00Z"


def legacy_name(digest: Digest, ending: str) -> str:
    """``sha256-<hex>.sig`` and its kin."""
    return f"{digest.algorithm}-{digest.encoded}{ending}"


def legacy_config(layers: Sequence[Descriptor]) -> bytes:
    """The configuration that cosign writes: an image without a time, for the sake of old registries."""
    document = {
        "architecture": "",
        "created": _CREATED,
        "history": [{"created": _CREATED}] * len(layers),
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        "config": {},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def with_layers(here: Manifest | None, more: Sequence[Descriptor]) -> Amended | None:
    """What such a manifest becomes with ``more`` layers; None if it has them already."""
    layers = here.layers if here else ()
    missing = [layer for layer in dict.fromkeys(more) if layer not in layers]
    if not missing:
        return None
    layers = (*layers, *missing)
    config = legacy_config(layers)
    described = Descriptor.of(config, mediatypes.OCI_CONFIG)
    subject, annotations = (here.subject, here.annotations) if here else (None, NOTHING)
    return Amended(build_manifest(described, layers, subject=subject, annotations=annotations), ((described, config),))
