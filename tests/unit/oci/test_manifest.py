import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.oci_schemas import complaints

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, Unsupported
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import (
    EMPTY,
    MAX_DESCRIPTORS,
    MAX_MANIFEST,
    AnyManifest,
    Index,
    Manifest,
    build_index,
    build_manifest,
    parse,
)

CONFIG = Descriptor.of(b"{}", mediatypes.OCI_CONFIG)
LAYER = Descriptor.of(b"layer", mediatypes.OCI_LAYER_GZIP)
SUBJECT = Descriptor.of(b"subject", mediatypes.OCI_MANIFEST)


def raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def manifest(**changes: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "config": CONFIG.to_dict(), "layers": [LAYER.to_dict()]} | changes


def index(**changes: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "manifests": [SUBJECT.to_dict()]} | changes


@pytest.mark.parametrize("media_type", sorted(mediatypes.MANIFESTS))
def test_a_manifest(media_type: str) -> None:
    content = raw(manifest(mediaType=media_type, future={"a": 1}, annotations={"a": "b"}))
    for told in ("", media_type, f"{media_type}; charset=utf-8", "application/json"):
        parsed = parse(content, told)
        assert isinstance(parsed, Manifest)
        assert (parsed.config, parsed.layers) == (CONFIG, (LAYER,))
        assert parsed.raw is content
        assert parsed.descriptor == Descriptor(media_type, Digest.of(content), len(content))
        assert parsed.annotations == {"a": "b"}


@pytest.mark.parametrize("media_type", sorted(mediatypes.INDEXES))
def test_an_index(media_type: str) -> None:
    content = raw(index(mediaType=media_type))
    parsed = parse(content, media_type)
    assert isinstance(parsed, Index)
    assert parsed.manifests == (SUBJECT,)
    assert parsed.kind == ""


@pytest.mark.parametrize(
    ("value", "told", "kind"),
    [
        (manifest(), "", mediatypes.OCI_MANIFEST),
        (manifest(), mediatypes.DOCKER_MANIFEST, mediatypes.DOCKER_MANIFEST),
        (index(), "", mediatypes.OCI_INDEX),
        (index(), mediatypes.DOCKER_LIST, mediatypes.DOCKER_LIST),
        (index(manifests=None), "", mediatypes.OCI_INDEX),
        (manifest(layers=None), "", mediatypes.OCI_MANIFEST),
    ],
)
def test_where_the_media_type_is_left_out(value: dict[str, Any], told: str, kind: str) -> None:
    assert parse(raw(value), told).media_type == kind


@pytest.mark.parametrize(
    ("content", "told", "error", "message"),
    [
        (b"not json", "", BadContent, "not valid JSON"),
        (b"[]", "", BadContent, "not a JSON object"),
        (b"{}", "", BadContent, "neither an image manifest nor an index"),
        (raw({"schemaVersion": 2, "mediaType": "text/plain"}), "", BadContent, "neither"),
        (raw({"schemaVersion": 1, "fsLayers": []}), "", Unsupported, "schema 1"),
        (raw(manifest(manifests=[])), "", BadContent, "neither"),
        (raw(index(layers=[])), "", BadContent, "neither"),
        (raw(manifest(mediaType=mediatypes.OCI_INDEX, manifests=[])), "", BadContent, "neither"),
        (raw(manifest(mediaType=mediatypes.OCI_MANIFEST)), mediatypes.OCI_INDEX, BadContent, "was delivered as"),
        (raw(manifest(mediaType=["x"])), "", BadContent, "mediaType is not text"),
        (raw(manifest(mediaType=None)), "", BadContent, "mediaType is not text"),
        (raw(manifest(artifactType=1)), "", BadContent, "artifactType is not text"),
        (raw(manifest(annotations={"a": 1})), "", BadContent, "annotations of manifest"),
        (raw(manifest(config=None)), "", BadContent, "config: a descriptor is not an object"),
        (raw(manifest(layers={})), "", BadContent, "layers is not a list"),
        (raw(manifest(layers=[1])), "", BadContent, "layers: a descriptor is not an object"),
        (raw(manifest(subject=[])), "", BadContent, "subject: a descriptor is not an object"),
        (raw(manifest(Layers=[])), "", BadContent, "some would read as 'layers'"),
        (raw(index(manifests=[SUBJECT.to_dict() | {"Digest": "x"}])), "", BadContent, "read as 'digest'"),
        (b'{"schemaVersion":2,"layers":[],"layers":[]}', "", BadContent, "appears twice"),
        (b" " * (MAX_MANIFEST + 1), "", TooLarge, "larger than 4 MiB"),
        (raw(index(manifests=[SUBJECT.to_dict()] * (MAX_DESCRIPTORS + 1))), "", TooLarge, "10001 descriptors"),
    ],
)
def test_what_is_refused(content: bytes, told: str, error: type[UndercurrentError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        parse(content, told)
    assert Digest.of(content) in raised.value.message


def test_the_largest_that_is_read() -> None:
    assert len(parse(raw(manifest()).ljust(MAX_MANIFEST)).raw) == MAX_MANIFEST
    many = parse(raw(index(manifests=[SUBJECT.to_dict()] * MAX_DESCRIPTORS)))
    assert isinstance(many, Index)
    assert len(many.manifests) == MAX_DESCRIPTORS


@given(st.binary(max_size=200) | st.text('{}[]",:0123abcdefghijklmnopqrstuvwxyzTV', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        parsed = parse(content)
    except UndercurrentError:
        return
    assert parsed.raw == content


def test_referrers_are_listed_with_their_kind_and_annotations() -> None:
    with_type = parse(raw(manifest(artifactType="test/a", annotations={"a": "b"}, subject=SUBJECT.to_dict())))
    assert with_type.subject == SUBJECT
    assert with_type.referrer == Descriptor(
        with_type.media_type, with_type.digest, len(with_type.raw), {"a": "b"}, "test/a"
    )
    assert parse(raw(manifest())).referrer.artifact_type == CONFIG.media_type


# What is built

BUILT: list[AnyManifest] = [
    build_manifest(CONFIG, [LAYER]),
    build_manifest(EMPTY, [EMPTY], artifact_type="application/x", subject=SUBJECT, annotations={"org.example/ä": "ü"}),
    build_index([]),
    build_index(
        [
            Descriptor(
                mediatypes.OCI_MANIFEST, SUBJECT.digest, 7, {"a": "b"}, "application/x", Platform("linux", "arm", "v7")
            )
        ],
        artifact_type="application/x",
        subject=SUBJECT,
        annotations={"a": "b"},
    ),
]


@pytest.mark.parametrize("built", BUILT)
def test_what_is_built_is_read_back(built: AnyManifest) -> None:
    assert parse(built.raw, built.media_type) == built
    assert json.loads(built.raw)["schemaVersion"] == 2


def test_the_bytes_that_are_built_stay() -> None:
    assert build_manifest(EMPTY, [], subject=EMPTY).raw == (
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",'
        b'"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:'
        b'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[],'
        b'"subject":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:'
        b'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}}'
    )


@pytest.mark.parametrize("built", BUILT)
def test_what_is_built_follows_the_schema(built: AnyManifest) -> None:
    assert complaints(built.raw, "image-index" if isinstance(built, Index) else "image-manifest") == []
