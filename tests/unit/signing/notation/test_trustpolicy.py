"""Trust policies: what one is, which statement is for which image, and what each level enforces."""

import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from tests.support.notation import policy

from undercurrent.errors import ConfigError
from undercurrent.signing.notation import names
from undercurrent.signing.notation.trustpolicy import (
    Action,
    NamedStore,
    PolicyDocument,
    StoreKind,
    Validation,
    parse,
    repository_of,
)

ENFORCE, LOG, SKIP = Action.ENFORCE, Action.LOG, Action.SKIP
NAME = "x509.subject: C=US, ST=WA, O=acme"


def document(*statements: Any, version: str = "1.0") -> bytes:
    return json.dumps({"version": version, "trustPolicies": list(statements)}).encode()


def read(*statements: Any) -> PolicyDocument:
    return parse(document(*statements), "trustpolicy.json")


@pytest.mark.parametrize(
    ("level", "override", "actions"),
    [
        ("strict", {}, (ENFORCE, ENFORCE, ENFORCE, ENFORCE)),
        ("permissive", {}, (ENFORCE, LOG, LOG, LOG)),
        ("audit", {}, (LOG, LOG, LOG, LOG)),
        ("strict", {"expiry": "log", "revocation": "skip"}, (ENFORCE, ENFORCE, LOG, SKIP)),
        ("audit", {"authenticity": "enforce", "authenticTimestamp": "enforce"}, (ENFORCE, ENFORCE, LOG, LOG)),
    ],
)
def test_levels_say_what_is_enforced(level: str, override: dict[str, str], actions: tuple[Action, ...]) -> None:
    (found,) = read(policy(level=level, override=override)).policies

    assert tuple(found.actions[validation] for validation in Validation) == actions
    assert not found.skips


def test_the_statement_that_names_the_repository_goes_before_the_one_for_all() -> None:
    app, every = "registry.example/acme/app", policy(name="every")
    found = read(
        every,
        policy(name="app", scopes=[app, "127.0.0.1:5000/app"]),
        policy(name="skip", scopes=["a.b/c"], level="skip"),
    )

    def chosen(repository: str) -> str:
        statement = found.applicable(repository)
        return statement.name if statement else ""

    assert [chosen(name) for name in (app, "127.0.0.1:5000/app", "a.b/c")] == ["app", "app", "skip"]
    assert [chosen(name) for name in ("registry.example/acme/app2", "registry.example/acme", "*", "")] == ["every"] * 4
    assert read(policy(scopes=[app])).applicable("") is None
    assert found.policies[2].skips


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("Registry.Example/acme/app", "registry.example/acme/app"),
        ("registry.example:5000/app", "REGISTRY.example:5000/app"),
        ("docker.io/library/app", "app"),
        ("index.docker.io/library/app", "docker.io/app"),
        ("local/images", "local/images"),
    ],
)
def test_a_repository_has_one_name_however_it_is_written(scope: str, name: str) -> None:
    found = read(policy(name="every"), policy(name="app", scopes=[scope]))

    chosen = found.applicable(repository_of(name))
    assert chosen is not None
    assert chosen.name == "app"


def test_stores_are_told_apart() -> None:
    (found,) = read(policy(stores=["ca:acme", "tsa:clock", "signingAuthority:acme", "ca:acme"])).policies

    assert found.of_kind(StoreKind.CA) == (NamedStore(StoreKind.CA, "acme"),)
    assert [str(store) for store in found.stores] == ["ca:acme", "tsa:clock", "signingAuthority:acme"]
    assert found.needs_timestamp


WRONG: dict[str, Any] = {
    "a level that is none": policy(level="lenient"),
    "no level": {**policy(), "signatureVerification": {}},
    "no verification": {**policy(), "signatureVerification": "strict"},
    "integrity overridden": policy(override={"integrity": "log"}),
    "authenticity skipped": policy(override={"authenticity": "skip"}),
    "an unknown override": policy(override={"exipry": "log"}),
    "an override that is none": policy(override="log"),
    "an action that is none": policy(override={"expiry": ["log"]}),
    "an option that is none": policy(verifyTimestamp=["always"]),
    "an unknown option": policy(verifyTimestamp="never"),
    "an unknown field": {**policy(), "trustedidentity": []},
    "no name": policy(name=""),
    "no scopes": policy(scopes=[]),
    "all and one": policy(scopes=["*", "a.b/c"]),
    "part of a name": policy(scopes=["a.b/*"]),
    "a scope with a tag": policy(scopes=["a.b/c:1.0"]),
    "a scope without a host": policy(scopes=["app"]),
    "one scope in two spellings": policy(scopes=["docker.io/app", "docker.io/library/app"]),
    "no stores": policy(stores=[]),
    "a store of no kind": policy(stores=["acme"]),
    "a store of another kind": policy(stores=["keys:acme"]),
    "a store elsewhere": policy(stores=["ca:../tsa"]),
    "a store above": policy(stores=["ca:.."]),
    "no identities": policy(identities=[]),
    "anybody and somebody": policy(identities=["*", NAME]),
    "another kind of identity": policy(identities=["keyless: ada@example.com"]),
    "overlapping identities": policy(identities=[NAME, f"{NAME}, CN=release"]),
    "skip for all": policy(level="skip"),
    "skip and verify": {**policy(scopes=["a.b/c"], level="skip"), "trustStores": ["ca:acme"]},
    "skip and override": policy(scopes=["a.b/c"], level="skip", override={"expiry": "log"}),
    "no statement": "trust",
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_policy_that_contradicts_itself_is_none(mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(WRONG[mistake])
    assert "trustpolicy.json" in caught.value.message or "C=" in caught.value.message


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        document(version="2.0"),
        document(),
        document(policy(), policy()),
        document(policy(), policy(name="other")),
        document(policy(name="a", scopes=["a.b/c"]), policy(name="b", scopes=["a.b/c"])),
        document(policy()).replace(b'"version"', b'"version": "1.0", "version"'),
        document(policy()).replace(b'"version"', b'"Version": "1.0", "version"'),
    ],
)
def test_a_document_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(raw, "trustpolicy.json")
    assert "trustpolicy.json" in caught.value.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C=US,ST=WA,O=acme", {"C": "US", "ST": "WA", "O": "acme"}),
        (" c = US ; S = WA ; O = acme web ", {"C": "US", "ST": "WA", "O": "acme web"}),
        (r"C=US,ST=WA,O=acme\, inc.\;\\", {"C": "US", "ST": "WA", "O": r"acme, inc.;\ "[:-1]}),
        (r"C=US,ST=WA,O=\ acme\ ", {"C": "US", "ST": "WA", "O": " acme "}),
        (r"C=US,ST=WA,O=caf\C3\A9", {"C": "US", "ST": "WA", "O": "café"}),
        (r"C=US,ST=WA,O=a=b\+c\23", {"C": "US", "ST": "WA", "O": "a=b+c#"}),
    ],
)
def test_names_are_read_as_they_are_written(text: str, found: dict[str, str]) -> None:
    assert names.parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme",
        "C=US,ST=WA",
        "C=US,ST=WA,O=",
        "C=US,ST=WA,O=acme,O=other",
        "C=US,ST=WA,S=WA,O=acme",
        "C=US,ST=WA,O=acme+CN=x",
        "C=US,ST=WA,O=#0c04",
        'C=US,ST=WA,O="acme"',
        "C=US,ST=WA,O=acme,X=y",
        "C=US,ST=WA,O=acme,",
        "C=US,ST=WA,O=acme\\",
        r"C=US,ST=WA,O=\FF",
        "C=US,,ST=WA,O=acme",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        names.parse(text)
    assert "C=…" in caught.value.hint


@given(st.text(alphabet='CSTO=,;\\+#" aé20', max_size=40))
def test_any_text_is_a_name_or_a_mistake(text: str) -> None:
    with suppress(ConfigError):
        assert {"C", "ST", "O"} <= names.parse(text).keys()


def test_an_attribute_that_a_certificate_has_twice_is_like_none() -> None:
    subject = x509.Name.from_rfc4514_string("OU=web,OU=ops,O=acme,ST=WA,C=US")

    assert names.matches(names.parse("C=US,ST=WA,O=acme"), subject)
    assert not names.matches(names.parse("C=US,ST=WA,O=acme,OU=web"), subject)
    assert not names.matches(names.parse("C=US,ST=WA,O=acme,L=Seattle"), subject)
