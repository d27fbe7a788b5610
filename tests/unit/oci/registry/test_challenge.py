import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.oci.registry.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            [
                'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
            ],
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (['Basic realm="a, b=c \\"quoted\\" \\\\"'], [("basic", {"realm": 'a, b=c "quoted" \\'})]),
        (
            ['Negotiate, Basic realm=x, Bearer realm="y" , error = invalid_token'],
            [("negotiate", {}), ("basic", {"realm": "x"}), ("bearer", {"realm": "y", "error": "invalid_token"})],
        ),
        (["Basic realm=x", 'BEARER Realm="y"'], [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        (['Bearer realm="first",realm="second"'], [("bearer", {"realm": "first"})]),
        (["Basic"], [("basic", {})]),
        (['Digest realm="x", qop="auth,auth-int", nonce="a=="'], None),
        ([], []),
        ([""], []),
        (["realm=x"], []),
        (['Bearer realm="x",scope="a\udcff"'], [("bearer", {"realm": "x", "scope": "a\N{REPLACEMENT CHARACTER}"})]),
    ],
)
def test_challenges_are_read(values: list[str], expected: list[tuple[str, dict[str, str]]] | None) -> None:
    found = parse_challenges(values)
    if expected is None:
        assert found[0].parameters["qop"] == "auth,auth-int"
    else:
        assert found == tuple(Challenge(scheme, parameters) for scheme, parameters in expected)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("value", ['a{}"', "a={}x", 'a="{}', "{},"])
@pytest.mark.parametrize("filling", [" ", "a ", ",", '"', "\\"])
def test_a_long_challenge_takes_no_longer_than_its_length(value: str, filling: str) -> None:
    parse_challenges([value.format(filling * 60_000)])


@given(st.lists(st.text()))
def test_nothing_breaks_it(values: list[str]) -> None:
    parse_challenges(values)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)), st.text(st.sampled_from('",=\\ a'), max_size=20))
def test_quoted_values_come_through(realm: str, scope: str) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    (found,) = parse_challenges([f"Bearer realm={quoted(realm)},scope={quoted(scope)}"])
    assert found == Challenge("bearer", {"realm": realm, "scope": scope})
