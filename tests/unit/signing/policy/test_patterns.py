import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import UndercurrentError
from undercurrent.oci.digest import Digest
from undercurrent.signing.policy.patterns import MAX_PATTERN, ImagePattern, glob

DIGEST = Digest.of(b"an image")
OTHER = Digest.of(b"another image")


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        # Without a tag: every tag, and none; policy-controller's `host/repo` misses `host/repo:tag`.
        ("ghcr.io/acme/app", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/app", "ghcr.io/acme/app:1.0", True),
        ("ghcr.io/acme/app", f"ghcr.io/acme/app@{DIGEST}", True),
        ("ghcr.io/acme/app", f"ghcr.io/acme/app:1.0@{DIGEST}", True),
        ("ghcr.io/acme/app", "ghcr.io/acme/app2", False),
        ("ghcr.io/acme/app", "ghcr.io/acme/app/sub", False),
        # One star stays between two slashes, two cross them.
        ("ghcr.io/acme/*", "ghcr.io/acme/app:1.0", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/team/app:1.0", False),
        ("ghcr.io/acme/**", "ghcr.io/acme/team/app:1.0", True),
        ("ghcr.io/acme/**", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/**", "ghcr.io/acme", False),
        ("ghcr.io/acme/**", "ghcr.io/acme2/app", False),
        ("**", "anything:at-all", True),
        ("**", DIGEST, True),
        ("**/app", "ghcr.io/acme/app:1.0", True),
        ("*/app", "ghcr.io/acme/app:1.0", False),
        ("acme/app-?", "acme/app-1:2.0", True),
        ("acme/app-?", "acme/app-10:2.0", False),
        # Tags.
        ("registry.example.com/prod/*:1.*", "registry.example.com/prod/app:1.7", True),
        ("registry.example.com/prod/*:1.*", "registry.example.com/prod/app:2.1", False),
        ("registry.example.com/prod/*:1.*", f"registry.example.com/prod/app@{DIGEST}", False),
        ("ghcr.io/acme/app:latest", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/app:*", f"ghcr.io/acme/app@{DIGEST}", False),
        # Ports are no tags.
        ("localhost:5000/app", "localhost:5000/app:1.0", True),
        ("localhost:*/app", "localhost:5000/app:1.0", True),
        ("localhost:5000/app:1.0", "localhost:5000/app:2.0", False),
        ("[::1]:5000/app", "[::1]:5000/app:1", True),
        # Other spellings of the same image.
        ("ghcr.io/acme/app", "GHCR.io/acme/app:1.0", True),
        ("GHCR.io:443/acme/app", "ghcr.io/acme/app:1.0", True),
        ("ghcr.io/acme/app", "ghcr.io:443/acme/app:1.0", True),
        ("docker.io/library/nginx", "docker.io/nginx:1", True),
        ("docker.io/library/*", "index.docker.io/library/nginx", True),
        ("ghcr.io/acme/app", "ghcr.io/acme/App:1.0", False),
        # Digests.
        (f"ghcr.io/acme/app@{DIGEST}", "ghcr.io/acme/app:1.0", True),
        (f"ghcr.io/acme/app@{OTHER}", "ghcr.io/acme/app:1.0", False),
        (f"ghcr.io/acme/app@{OTHER}", f"ghcr.io/acme/app:1.0@{OTHER}", False),
        # What is no wildcard is text.
        ("acme/a.p", "acme/app", False),
        ("acme/[a]", "acme/a", False),
        ("acme/a+b", "acme/a+b", True),
    ],
)
def test_what_matches_what(pattern: str, name: str, matches: bool) -> None:
    assert ImagePattern(pattern).matches(name, DIGEST) is matches


@pytest.mark.parametrize(
    "pattern",
    ["", "a***b", "x" * (MAX_PATTERN + 1), "acme/app:", "acme/app@", "acme/app@sha256:abc", ":1.0", "docker.io/nginx"],
)
def test_what_is_no_pattern_or_matches_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UndercurrentError):
        ImagePattern(pattern)


def by_definition(pattern: str, text: str) -> bool:
    """The meaning of a pattern, spelt out."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(by_definition(pattern[2:], text[cut:]) for cut in range(len(text) + 1))
    if pattern[0] == "*":
        end = len(text.partition("/")[0])
        return any(by_definition(pattern[1:], text[cut:]) for cut in range(end + 1))
    return (
        bool(text)
        and (pattern[0] == text[0] or (pattern[0] == "?" and text[0] != "/"))
        and by_definition(pattern[1:], text[1:])
    )


@given(
    st.lists(st.sampled_from(["**", "*", "?", "/", "a", "b", ".", "\n"]), min_size=1, max_size=6).map("".join),
    st.text("ab/.\n*", max_size=8),
)
def test_a_pattern_means_what_its_definition_says(pattern: str, text: str) -> None:
    if "***" not in pattern:
        assert glob(pattern).matches(text) is by_definition(pattern, text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_but_our_errors(pattern: str, name: str) -> None:
    try:
        made = ImagePattern(pattern)
    except UndercurrentError:
        return
    assert made.matches(name, DIGEST) in {True, False}
