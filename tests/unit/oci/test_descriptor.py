import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent, InvalidReference
from undercurrent.oci.descriptor import MAX_EMBEDDED, Descriptor, Platform
from undercurrent.oci.digest import Digest

DIGEST = "sha256:" + "a" * 64
KNOWN = {"mediaType", "digest", "size", "annotations", "artifactType", "platform", "urls", "data"}
OF_PLATFORM = {"os", "architecture", "variant", "os.version"}

texts = st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=1, max_size=3)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def unknown(known: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    folded = {name.casefold() for name in known}
    keys = st.text(max_size=8).filter(lambda key: key.casefold() not in folded)
    return st.dictionaries(keys, anything, max_size=3)


@st.composite
def platforms(draw: st.DrawFn) -> dict[str, Any]:
    value = draw(unknown(OF_PLATFORM))
    return value | draw(
        st.fixed_dictionaries(
            {"os": st.sampled_from(["linux", "windows"]), "architecture": st.sampled_from(["amd64", "arm64"])},
            optional={"variant": st.just("v8"), "os.version": st.just("10.0"), "os.features": st.just(["win32k"])},
        )
    )


@st.composite
def descriptors(draw: st.DrawFn) -> dict[str, Any]:
    value = draw(unknown(KNOWN))
    return value | draw(
        st.fixed_dictionaries(
            {"mediaType": st.text(max_size=20), "digest": st.just(DIGEST), "size": st.integers(0, 2**63 - 1)},
            optional={
                "annotations": texts,
                "artifactType": st.text(min_size=1, max_size=9),
                "platform": platforms(),
                "urls": st.just(["https://example.org/x"]),
                "data": st.just("e30="),
            },
        )
    )


@given(descriptors())
def test_all_fields_survive(value: dict[str, Any]) -> None:
    descriptor = Descriptor.from_dict(value)
    assert descriptor.to_dict() == value
    assert Descriptor.from_dict(json.loads(json.dumps(descriptor.to_dict()))) == descriptor


@given(platforms())
def test_all_fields_of_a_platform_survive(value: dict[str, Any]) -> None:
    assert Platform.from_dict(value).to_dict() == value


def valid(**changes: Any) -> dict[str, Any]:
    return {"mediaType": "text/plain", "digest": DIGEST, "size": 3} | changes


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "not an object"),
        ([], "not an object"),
        ({}, "lacks mediaType or digest"),
        (valid(mediaType=None), "lacks mediaType"),
        (valid(digest=1), "lacks mediaType or digest"),
        (valid(digest="sha256:x"), "not a digest"),
        (valid(digest="blake3:" + "a" * 64), "not a digest"),
        (valid(size=None), "no valid size"),
        (valid(size=-1), "no valid size"),
        (valid(size=True), "no valid size"),
        (valid(size=3.0), "no valid size"),
        (valid(size="3"), "no valid size"),
        (valid(artifactType=1), "lacks mediaType or digest"),
        (valid(annotations=[]), "not a map of text to text"),
        (valid(annotations={"a": 1}), "not a map of text to text"),
        (valid(platform=[]), "a platform is not an object"),
        (valid(platform={"os": 1}), "not text"),
        (valid(Digest=DIGEST), "which some would read as 'digest'"),
        (valid(SIZE=4), "which some would read as 'size'"),
    ],
)
def test_what_is_no_descriptor(value: object, message: str) -> None:
    with pytest.raises(BadContent, match=message):
        Descriptor.from_dict(value)


def test_null_annotations_and_platform_are_none() -> None:
    descriptor = Descriptor.from_dict(valid(annotations=None, platform=None))
    assert descriptor == Descriptor("text/plain", Digest(DIGEST), 3)
    assert descriptor.to_dict() == valid()


def test_descriptors_can_be_counted_and_not_changed() -> None:
    one = Descriptor.of(b"x", "text/plain", annotations={"a": "b"})
    assert {one, Descriptor.from_dict(one.to_dict())} == {one}
    assert Descriptor.of(b"x", "text/plain") != one
    read = Descriptor.from_dict(one.to_dict())
    with pytest.raises(TypeError):
        read.annotations["a"] = "c"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("linux/amd64", ("linux", "amd64", "")),
        ("linux/arm/v7", ("linux", "arm", "v7")),
        ("wasip1/wasm", ("wasip1", "wasm", "")),
    ],
)
def test_platforms(text: str, parts: tuple[str, str, str]) -> None:
    platform = Platform.parse(text)
    assert (platform.os, platform.architecture, platform.variant) == parts
    assert str(platform) == text


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd64\n", "linux/ä", "a//b"])
def test_what_is_no_platform(text: str) -> None:
    with pytest.raises(InvalidReference):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("machine", "architecture"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("armv7l", "arm"), ("riscv64", "riscv64")]
)
def test_this_machine(monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert Platform.of_this_machine() == Platform("linux", architecture)


def test_unknown_fields_do_not_make_another_platform() -> None:
    assert Platform.from_dict({"os": "linux", "architecture": "amd64", "os.features": []}) == Platform("linux", "amd64")


def test_what_runs() -> None:
    plain = Descriptor.of(b"x", "text/plain")
    assert plain.runs
    assert Descriptor.of(b"x", "text/plain", platform=Platform("linux", "amd64")).runs
    assert not Descriptor.of(b"x", "text/plain", platform=Platform("unknown", "unknown")).runs


def test_only_what_is_small_is_carried_along() -> None:
    small, large = (Descriptor.embedding(b"x" * size, "text/plain") for size in (MAX_EMBEDDED, MAX_EMBEDDED + 1))
    assert small.embedded == b"x" * MAX_EMBEDDED
    assert large.embedded is None
    assert Descriptor.from_dict(json.loads(json.dumps(small.to_dict()))) == small
