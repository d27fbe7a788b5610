"""SBOM documents: the formats there are, one document that was made, and the packages that it lists.

Specifications: https://spdx.github.io/spdx-spec/v2.3/ and https://cyclonedx.org/docs/1.6/json/. A document is kept
and signed as the bytes that syft wrote; what is read from it here is only for showing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.digest import Digest

__all__ = ["FORMATS", "Format", "FormatName", "Package", "Sbom", "packages", "read_packages"]

FormatName: TypeAlias = Literal["spdx", "cyclonedx"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of SBOMs.

    Attributes:
        name: what users call it.
        syft_name: what syft calls it.
        media_type: of a document; as registered with IANA.
        predicate_type: of an attestation that carries a document; what cosign means by ``--type NAME``.
        suffix: of a file with a document in it.
    """

    name: FormatName
    syft_name: str
    media_type: str
    predicate_type: str
    suffix: str


FORMATS: Final[Mapping[FormatName, Format]] = MappingProxyType(
    {
        "spdx": Format("spdx", "spdx-json@2.3", "application/spdx+json", "https://spdx.dev/Document", ".spdx.json"),
        "cyclonedx": Format(
            "cyclonedx",
            "cyclonedx-json",
            "application/vnd.cyclonedx+json",
            "https://cyclonedx.org/bom",
            ".cdx.json",
        ),
    }
)
"""Formats by name."""


@dataclass(frozen=True, slots=True)
class Package:
    """Something an image contains; ``purl`` is "" where it has no package URL."""

    name: str
    version: str
    purl: str


@dataclass(frozen=True, slots=True)
class Sbom:
    """One document about one platform of an image.

    Attributes:
        image: name of the image, as its user writes it.
        digest: of the platform's manifest, which the document describes.
        platform: what that runs on.
        format: of the document.
        path: the document, in the cache.
        package_count: how many packages it lists.
        tool_version: of the syft that wrote it.
    """

    image: str
    digest: Digest
    platform: Platform
    format: Format
    path: Path
    package_count: int
    tool_version: str

    def read(self) -> bytes:
        """The document, as syft wrote it."""
        return self.path.read_bytes()


def packages(sbom: Sbom) -> tuple[Package, ...]:
    """What the document lists, in its order.

    Raises:
        BadContent: the file is no longer the document that was made.
    """
    return read_packages(sbom.read(), sbom.format)


def read_packages(document: bytes, format: Format) -> tuple[Package, ...]:  # noqa: A002 - the word for it
    """What an SBOM lists, in its order: packages, without the image itself, its operating system and single files.

    Raises:
        BadContent: not a document in this format.
    """
    try:
        value = json.loads(document)
        listed = _spdx(value) if format.name == "spdx" else _cyclonedx(value)
        return tuple(listed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadContent(_("this is not a {format} document").format(format=format.name)) from error


def _spdx(document: Mapping[str, Any]) -> Iterator[Package]:
    described = {
        item["relatedSpdxElement"]
        for item in document.get("relationships", ())
        if item["relationshipType"] == "DESCRIBES"
    }
    for item in document["packages"]:
        if item["SPDXID"] in described or item.get("primaryPackagePurpose") == "OPERATING-SYSTEM":
            continue
        purls = (
            reference["referenceLocator"]
            for reference in item.get("externalRefs", ())
            if reference["referenceType"] == "purl"
        )
        yield Package(item["name"], item.get("versionInfo", ""), next(purls, ""))


def _cyclonedx(document: Mapping[str, Any]) -> Iterator[Package]:
    if document["bomFormat"] != "CycloneDX":
        raise ValueError(document["bomFormat"])
    for item in document.get("components", ()):
        if item["type"] not in {"file", "operating-system"}:
            yield Package(item["name"], item.get("version", ""), item.get("purl", ""))
