"""Predicate types: what an attestation says about an image, by cosign's short names or by URI.

Names and URIs: https://github.com/sigstore/cosign/blob/v3.1.3/cmd/cosign/cli/options/predicate.go
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from undercurrent.errors import UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["COSIGN_SIGN", "CYCLONEDX", "SHORT_NAMES", "SPDX", "is_sbom", "predicate_uri", "short_name"]

COSIGN_SIGN: Final = "https://sigstore.dev/cosign/sign/v1"
"""The predicate type that makes a bundle a signature; any other makes it an attestation."""
SPDX: Final = "https://spdx.dev/Document"
CYCLONEDX: Final = "https://cyclonedx.org/bom"

SHORT_NAMES: Final = MappingProxyType(
    {
        "spdx": SPDX,
        "spdxjson": SPDX,
        "cyclonedx": CYCLONEDX,
        "slsaprovenance": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1": "https://slsa.dev/provenance/v1",
        "openvex": "https://openvex.dev/ns",
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "link": "https://in-toto.io/Link/v1",
        "custom": "https://cosign.sigstore.dev/attestation/v1",
    }
)
_FIRST_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {uri: name for name, uri in reversed(list(SHORT_NAMES.items()))}
)


def predicate_uri(name: str) -> str:
    """The URI that ``name`` stands for: one of SHORT_NAMES, or a URI already.

    Raises:
        UsageError: it is neither.
    """
    if uri := SHORT_NAMES.get(name):
        return uri
    if name.isprintable() and " " not in name and _has_scheme(name):
        return name
    raise UsageError(
        _("{name!r} is no predicate type").format(name=name[:200]),
        hint=_("use a URI, or one of {names}").format(names=listed(SHORT_NAMES)),
    )


def _has_scheme(name: str) -> bool:
    try:
        return bool(urlsplit(name).scheme)
    except ValueError:  # http://[
        return False


def short_name(uri: str) -> str:
    """The shortest name for ``uri`` that `predicate_uri` understands: of spdx and spdxjson, the first."""
    return _FIRST_NAMES.get(uri, uri)


def is_sbom(uri: str) -> bool:
    """Whether attestations of this type are SBOMs, in any version of SPDX or CycloneDX."""
    return any(uri == known or uri.startswith(f"{known}/") for known in (SPDX, CYCLONEDX))
