import pytest

from undercurrent.errors import UsageError
from undercurrent.signing.predicates import SHORT_NAMES, is_sbom, predicate_uri, short_name


def test_short_names_stand_for_the_uris_of_cosign() -> None:
    assert predicate_uri("slsaprovenance1") == "https://slsa.dev/provenance/v1"
    assert predicate_uri("openvex") == "https://openvex.dev/ns"
    assert predicate_uri("https://example.com/mine/v1") == "https://example.com/mine/v1"


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_a_short_name_comes_back_as_one_with_the_same_meaning(name: str) -> None:
    assert predicate_uri(short_name(predicate_uri(name))) == predicate_uri(name)


def test_uris_without_a_short_name_stay() -> None:
    assert short_name("https://spdx.dev/Document") == "spdx"
    assert short_name("https://example.com/mine/v1") == "https://example.com/mine/v1"


@pytest.mark.parametrize("name", ["", "spdy", "two words", "https://a b", "x:\n", "https://["])
def test_what_is_no_type_is_refused_and_the_names_are_told(name: str) -> None:
    with pytest.raises(UsageError, match="predicate type") as refused:
        predicate_uri(name)
    assert "cyclonedx" in refused.value.hint


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://spdx.dev/Document", True),
        ("https://spdx.dev/Document/v2.3", True),
        ("https://cyclonedx.org/bom/v1.6", True),
        ("https://spdx.dev/Documentary", False),
        ("https://slsa.dev/provenance/v1", False),
    ],
)
def test_sboms_are_known_in_every_version(uri: str, expected: bool) -> None:
    assert is_sbom(uri) is expected
