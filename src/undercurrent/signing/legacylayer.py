"""What the layers of cosign's older format have beside their content: what vouches for a signature, as annotations.

Specification: https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/static/signature.go
"""

import base64
import json
from typing import Final

from undercurrent.signing.material import Material

__all__ = ["TIMESTAMP", "vouching_annotations"]

TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
"""Annotation: the answer of a timestamp authority, in JSON; there is room for one."""


def vouching_annotations(material: Material) -> dict[str, str]:
    """The annotations for what vouches for a key's signature: its timestamp, if it has one."""
    if not material.timestamps:
        return {}
    signed = base64.b64encode(material.timestamps[0]).decode()
    return {TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": signed}, separators=(",", ":"))}
