import copy
import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import InvalidReference
from undercurrent.oci.digest import Digest

LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


@pytest.mark.parametrize("algorithm", LENGTHS)
def test_what_is_a_digest(algorithm: str) -> None:
    digest = Digest(f"{algorithm}:{'0a' * (LENGTHS[algorithm] // 2)}")
    assert (digest.algorithm, digest.encoded) == (algorithm, "0a" * (LENGTHS[algorithm] // 2))
    assert digest.short == "0a0a0a0a0a0a"
    assert str(digest) == digest == f"{algorithm}:{digest.encoded}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        ":" + "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "a" * 63 + "\n",
        "sha256:" + "\u0661" * 64,
        "sha512:" + "a" * 64,
        "SHA256:" + "a" * 64,
        "sha256-" + "a" * 64,
        "md5:" + "a" * 32,
        "sha256:../" + "a" * 61,
        " sha256:" + "a" * 64,
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidReference, match="is not a digest"):
        Digest(text)


@given(st.binary(max_size=1000), st.sampled_from(sorted(LENGTHS)))
def test_content_has_its_digest_and_no_other(content: bytes, algorithm: str) -> None:
    digest = Digest(f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}")
    assert digest.matches(content)
    assert not digest.matches(content + b"x")
    hasher = digest.hasher()
    hasher.update(content)
    assert hasher.hexdigest() == digest.encoded
    if algorithm == "sha256":
        assert Digest.of(content) == digest


def test_it_travels() -> None:
    digest = Digest.of(b"x")
    for again in (pickle.loads(pickle.dumps(digest)), copy.deepcopy(digest)):  # noqa: S301 - our own
        assert again == digest
        assert isinstance(again, Digest)
