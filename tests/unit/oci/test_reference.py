"""The tables are distribution's own (reference_test.go and normalize_test.go, v0.6.0), as far as they fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import InvalidReference
from undercurrent.oci.digest import Digest
from undercurrent.oci.reference import Reference, names_host

SHA256 = "sha256:" + "f" * 64
SHA512 = "sha512:" + "f" * 128


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("test_com", "docker.io", "library/test_com", "", ""),
        ("test.com:tag", "docker.io", "library/test.com", "tag", ""),
        ("test.com:5000", "docker.io", "library/test.com", "5000", ""),
        ("test.com/repo:tag", "test.com", "repo", "tag", ""),
        ("test:5000/repo", "test:5000", "repo", "", ""),
        ("test:5000/repo:tag", "test:5000", "repo", "tag", ""),
        (f"test:5000/repo@{SHA256}", "test:5000", "repo", "", SHA256),
        (f"test:5000/repo:tag@{SHA256}", "test:5000", "repo", "tag", SHA256),
        ("lowercase:Uppercase", "docker.io", "library/lowercase", "Uppercase", ""),
        ("sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com", "bar/baz/quux", "", ""),
        ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag", ""),
        (
            "b.gcr.io/test.example.com/my-app:test.example.com",
            "b.gcr.io",
            "test.example.com/my-app",
            "test.example.com",
            "",
        ),
        ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", ""),
        (f"xn--7o8h.com/myimage:xn--7o8h.com@{SHA512}", "xn--7o8h.com", "myimage", "xn--7o8h.com", SHA512),
        ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", ""),
        ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", ""),
        ("192.168.1.1", "docker.io", "library/192.168.1.1", "", ""),
        ("192.168.1.1:tag", "docker.io", "library/192.168.1.1", "tag", ""),
        ("192.168.1.1:5000", "docker.io", "library/192.168.1.1", "5000", ""),
        ("192.168.1.1/repo", "192.168.1.1", "repo", "", ""),
        ("192.168.1.1:5000/repo", "192.168.1.1:5000", "repo", "", ""),
        ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", "5050", ""),
        ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", "", ""),
        ("[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]", "repo", "tag", ""),
        ("[2001:db8::1]:5000/repo", "[2001:db8::1]:5000", "repo", "", ""),
        (f"[2001:db8::1]:5000/repo:tag@{SHA256}", "[2001:db8::1]:5000", "repo", "tag", SHA256),
        ("[2001:db8::]:5000/repo", "[2001:db8::]:5000", "repo", "", ""),
        ("[::1]:5000/repo", "[::1]:5000", "repo", "", ""),
        ("docker/docker", "docker.io", "docker/docker", "", ""),
        ("library/debian", "docker.io", "library/debian", "", ""),
        ("debian", "docker.io", "library/debian", "", ""),
        ("docker.io/debian", "docker.io", "library/debian", "", ""),
        ("index.docker.io/docker/docker", "docker.io", "docker/docker", "", ""),
        ("index.docker.io/debian", "docker.io", "library/debian", "", ""),
        ("registry-1.docker.io/debian", "docker.io", "library/debian", "", ""),
        ("127.0.0.1:5000/debian", "127.0.0.1:5000", "debian", "", ""),
        ("localhost/debian", "localhost", "debian", "", ""),
        ("Uppercase/debian", "Uppercase", "debian", "", ""),
        ("thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev", "docker.io", None, "", ""),
        ("a/b-c__d---e.f_g", "docker.io", "a/b-c__d---e.f_g", "", ""),
        (f"docker.io/{'1a3f' * 16}", "docker.io", f"library/{'1a3f' * 16}", "", ""),
        ("ghcr.io/" + "a/" * 127 + "a:tag", "ghcr.io", "a/" * 127 + "a", "tag", ""),
        ("x:" + "t" * 128, "docker.io", "library/x", "t" * 128, ""),
    ],
)
def test_what_parses(text: str, registry: str, repository: str | None, tag: str, digest: str) -> None:
    repository = f"library/{text}" if repository is None else repository
    expected = Reference(registry, repository, tag, Digest(digest) if digest else None)
    assert Reference.parse(text) == expected
    assert Reference.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":justtag",
        f"@{SHA256}",
        "repo@sha256:" + "f" * 34,
        "validname@invaliddigest:" + "f" * 128,
        f"repo@{SHA256.upper()}",
        f"repo@{SHA256}@{SHA256}",
        f"repo@{SHA256}:tag",
        "Uppercase:tag",
        "test:5000/Uppercase/lowercase:tag",
        "aa/asdf$$^/aa",
        "-test.com/repo",
        "test-.com/repo",
        "test.com./repo",
        "domain.com/-foo",
        "domain.com/foo-",
        "a//b",
        "a/",
        "/a",
        "a__b___c",
        "a..b",
        "https://github.com/docker/docker",
        "docker/Docker",
        "-docker",
        "-docker.io/docker/docker",
        "docker.io/docker///docker",
        "[fc00::1]",
        "[fc00::1]:5000",
        "fc00::1:5000/debian",
        "[fe80::1%eth0]:5000/debian",
        "[2001:db8:3:4::192.0.2.33]:5000/debian",
        "host:port/repo",
        "host:65536/repo",
        "[::1]:" + "9" * 500 + "/repo",
        "host:/repo",
        "repo:",
        "repo:.tag",
        "repo:-tag",
        "repo:tag\n",
        "repo\n",
        "repo:t\u00e4g",
        "r\u00e9po",
        "x:" + "t" * 129,
        "1a3f" * 16,
        "ghcr.io/" + "a/" * 128 + "a:tag",
        "a" * 2000,
        "repo name",
        "repo@",
    ],
)
def test_what_does_not_parse(text: str) -> None:
    with pytest.raises(InvalidReference) as raised:
        Reference.parse(text)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("app:1", "registry.example.org", "registry.example.org/app:1"),
        ("app:1", "registry.example.org:5000/team", "registry.example.org:5000/team/app:1"),
        ("team/app", "localhost:5000", "localhost:5000/team/app"),
        ("ghcr.io/acme/app", "registry.example.org", "ghcr.io/acme/app"),
        ("app", "docker.io", "docker.io/library/app"),
        ("app", "index.docker.io/acme", "docker.io/acme/app"),
    ],
)
def test_default_registry(text: str, default: str, expected: str) -> None:
    assert str(Reference.parse(text, default_registry=default)) == expected


def test_bad_default_registry() -> None:
    with pytest.raises(InvalidReference, match="'-x' is not a host"):
        Reference.parse("app", default_registry="-x")


def test_the_reason_is_told() -> None:
    with pytest.raises(InvalidReference, match="lower case"):
        Reference.parse("docker/Docker")
    with pytest.raises(InvalidReference, match="image id"):
        Reference.parse("ab" * 32)


def test_what_to_ask_for() -> None:
    plain = Reference.parse("ghcr.io/acme/app")
    digest = Digest(SHA256)
    assert plain.name == "ghcr.io/acme/app"
    assert plain.target == "latest"
    assert plain.with_tag("1").target == "1"
    assert plain.with_tag("1").with_digest(digest).target == SHA256
    assert str(plain.with_tag("1").with_digest(digest)) == f"ghcr.io/acme/app:1@{SHA256}"
    assert plain.with_digest(digest).with_tag("2") == Reference("ghcr.io", "acme/app", "2")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("app:1.0", False),
        ("team/app", False),
        ("example.org", False),
        ("localhost:5000", False),
        ("localhost/app", True),
        ("localhost:5000/app", True),
        ("example.org/app", True),
        ("[::1]/app", True),
    ],
)
def test_names_host(text: str, named: bool) -> None:
    assert names_host(text) is named


component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
host = st.from_regex(
    r"([a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\.){1,3}[a-z]{2,5}(:[0-9]{1,4})?|localhost(:[0-9]{1,4})?|\[[0-9a-f]{1,4}(:[0-9a-f]{1,4}){1,7}\]",
    fullmatch=True,
)


@given(
    host,
    st.lists(component, min_size=1, max_size=4),
    st.from_regex(r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,20})?", fullmatch=True),
    st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_what_is_written_is_read_back(registry: str, parts: list[str], tag: str, encoded: str | None) -> None:
    reference = Reference(registry, "/".join(parts), tag, Digest(f"sha256:{encoded}") if encoded else None)
    assert Reference.parse(str(reference)) == reference


@given(st.text(max_size=60) | st.text("aA0./:@-_[]", max_size=40))
def test_any_text_parses_or_is_refused_and_what_parses_is_stable(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except InvalidReference:
        return
    assert Reference.parse(str(reference)) == reference
