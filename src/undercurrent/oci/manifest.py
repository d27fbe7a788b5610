"""Manifests and indexes: parsed once, beside the very bytes that were hashed.

Specifications: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and image-index.md. Docker's
schema 2 is read as the same nouns; its schema 1 is not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import NOTHING, Descriptor, text_map
from undercurrent.oci.digest import Digest

__all__ = [
    "EMPTY",
    "EMPTY_BYTES",
    "MAX_DESCRIPTORS",
    "MAX_INDEX_DEPTH",
    "MAX_MANIFEST",
    "AnyManifest",
    "Index",
    "Manifest",
    "build_index",
    "build_manifest",
    "parse",
]

MAX_MANIFEST: Final = 4 * 1024 * 1024
"""Bytes that a manifest may have; the distribution specification asks registries to take at least this."""
MAX_DESCRIPTORS: Final = 10_000
MAX_INDEX_DEPTH: Final = 4

_FIELDS: Final = frozenset(
    {"schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"}
)

EMPTY_BYTES: Final = b"{}"
EMPTY: Final = Descriptor.of(EMPTY_BYTES, mediatypes.OCI_EMPTY)
"""The empty configuration of artifacts that have none."""


@dataclass(frozen=True, slots=True)
class _Document:
    raw: bytes = field(repr=False)
    media_type: str
    digest: Digest
    artifact_type: str
    subject: Descriptor | None
    annotations: Mapping[str, str]

    @property
    def kind(self) -> str:
        """What a listing of referrers calls this: the artifact type."""
        return self.artifact_type

    @property
    def descriptor(self) -> Descriptor:
        """Names these very bytes."""
        return Descriptor(self.media_type, self.digest, len(self.raw))

    @property
    def referrer(self) -> Descriptor:
        """The descriptor that a listing of referrers carries: with all annotations and the artifact type."""
        return Descriptor(self.media_type, self.digest, len(self.raw), self.annotations, self.kind)


@dataclass(frozen=True, slots=True)
class Manifest(_Document):
    """An image manifest: one image for one platform, or an artifact."""

    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def kind(self) -> str:
        """The artifact type, which is the configuration's media type where none is written."""
        return self.artifact_type or self.config.media_type


@dataclass(frozen=True, slots=True)
class Index(_Document):
    """An image index: several manifests under one name, usually one a platform."""

    manifests: tuple[Descriptor, ...]


AnyManifest: TypeAlias = Manifest | Index


def parse(raw: bytes, media_type: str = "") -> AnyManifest:
    """The manifest or index that ``raw`` holds.

    Args:
        raw: the bytes as they came; kept, and never serialised again.
        media_type: what the descriptor or the answer's header says they are, if anything.

    Raises:
        TooLarge: more than MAX_MANIFEST bytes or MAX_DESCRIPTORS descriptors.
        BadContent: not a manifest, or not the kind that ``media_type`` says.
        Unsupported: a manifest of a kind that is not read here (Docker schema 1).
    """
    digest = Digest.of(raw)
    what = _("manifest {digest}").format(digest=digest)
    if len(raw) > MAX_MANIFEST:
        raise TooLarge(_("{what} is larger than 4 MiB").format(what=what))
    document = strictjson.loads_object(raw, what)
    strictjson.refuse_lookalikes(document, _FIELDS, what)
    inner = _text(document, "mediaType", what)
    media_type = media_type.partition(";")[0].strip()
    if inner and media_type and inner != media_type and _known(media_type):
        raise BadContent(
            _("{what} says it is {inner}, but was delivered as {outer}").format(
                what=what, inner=inner, outer=media_type
            )
        )
    if document.get("schemaVersion") == 1:
        raise Unsupported(
            _("{what} is a Docker schema 1 manifest").format(what=what),
            hint=_("push the image again with a current tool"),
        )
    kind = inner or (media_type if _known(media_type) else "") or _guess(document)
    # A document with both lists would be an image to one reader and an index to another; one that is called an
    # index and has no list would read as "there is nothing".
    is_both = "manifests" in document and ("layers" in document or "config" in document)
    if not _known(kind) or is_both or (kind in mediatypes.INDEXES and "manifests" not in document):
        raise BadContent(_("{what} is neither an image manifest nor an index").format(what=what))
    subject = document.get("subject")
    common = (
        raw,
        kind,
        digest,
        _text(document, "artifactType", what),
        None if subject is None else _descriptor(subject, "subject", what),
        text_map(document.get("annotations"), _("annotations of {name}").format(name=what)),
    )
    if kind in mediatypes.INDEXES:
        return Index(*common, _descriptors(document, "manifests", what))
    config = _descriptor(document.get("config"), "config", what)
    return Manifest(*common, config, _descriptors(document, "layers", what))


def build_manifest(
    config: Descriptor,
    layers: Sequence[Descriptor],
    *,
    artifact_type: str = "",
    subject: Descriptor | None = None,
    annotations: Mapping[str, str] = NOTHING,
) -> Manifest:
    """A new OCI image manifest, serialised once, here."""
    body = {"config": config.to_dict(), "layers": [layer.to_dict() for layer in layers]}
    built = _build(mediatypes.OCI_MANIFEST, body, artifact_type, subject, annotations)
    assert isinstance(built, Manifest)  # noqa: S101 - narrows the type; the media type is given above
    return built


def build_index(
    manifests: Sequence[Descriptor],
    *,
    artifact_type: str = "",
    subject: Descriptor | None = None,
    annotations: Mapping[str, str] = NOTHING,
) -> Index:
    """A new OCI image index, serialised once, here."""
    body = {"manifests": [item.to_dict() for item in manifests]}
    built = _build(mediatypes.OCI_INDEX, body, artifact_type, subject, annotations)
    assert isinstance(built, Index)  # noqa: S101 - narrows the type; the media type is given above
    return built


def _build(
    media_type: str,
    body: Mapping[str, Any],
    artifact_type: str,
    subject: Descriptor | None,
    annotations: Mapping[str, str],
) -> AnyManifest:
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": media_type}
    if artifact_type:
        document["artifactType"] = artifact_type
    document |= body
    if subject is not None:
        document["subject"] = subject.to_dict()
    if annotations:
        document["annotations"] = dict(annotations)
    return parse(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), media_type)


def _known(media_type: str) -> bool:
    return media_type in mediatypes.MANIFESTS or media_type in mediatypes.INDEXES


def _guess(document: Mapping[str, Any]) -> str:
    """OCI lets manifests leave their media type out; then the fields tell."""
    if "manifests" in document:
        return mediatypes.OCI_INDEX
    return mediatypes.OCI_MANIFEST if "config" in document else ""


def _text(document: Mapping[str, Any], key: str, what: str) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        raise BadContent(_("{what}: {key} is not text").format(what=what, key=key))
    return value


def _descriptors(document: Mapping[str, Any], key: str, what: str) -> tuple[Descriptor, ...]:
    # Go writes an empty list as null.
    value = document.get(key)
    items = [] if value is None else value
    if not isinstance(items, list):
        raise BadContent(_("{what}: {key} is not a list").format(what=what, key=key))
    if len(items) > MAX_DESCRIPTORS:
        raise TooLarge(
            _("{what} has {count} descriptors, more than {limit}").format(
                what=what, count=len(items), limit=MAX_DESCRIPTORS
            )
        )
    return tuple(_descriptor(item, key, what) for item in items)


def _descriptor(value: object, key: str, what: str) -> Descriptor:
    try:
        return Descriptor.from_dict(value)
    except BadContent as error:
        raise BadContent(_("{what}: {why}").format(what=f"{what}: {key}", why=error.message)) from error
