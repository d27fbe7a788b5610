"""Which services of an instance are used to sign."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sigstorepublic import public_trusted_root

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, Unsupported
from undercurrent.signing.keyless.instance import (
    MAX_TRUST_CONFIG,
    Instance,
    Service,
    parse_trust_config,
    root_of_trust_config,
    with_signing_config,
)
from undercurrent.signing.proofs import trustedroot

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROOT = trustedroot.parse(public_trusted_root(), "the root")


def service(url: str, version: int = 1, operator: str = "a", start: str = "2026", end: str = "") -> dict[str, Any]:
    period = {"start": f"{start}-01-01T00:00:00Z"} | ({"end": f"{end}-01-01T00:00:00Z"} if end else {})
    return {"url": url, "majorApiVersion": version, "validFor": period, "operator": operator}


def config(**more: Any) -> dict[str, Any]:
    base = {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("https://ca")],
        "rekorTlogUrls": [service("https://log", 2)],
        "rekorTlogConfig": {"selector": "ANY"},
    }
    return base | more


def read(document: Mapping[str, Any]) -> Instance:
    return with_signing_config(ROOT, json.dumps(document).encode(), "the configuration", now=NOW)


def logs(*services: dict[str, Any], selector: str = "ALL", **more: Any) -> list[str]:
    found = read(config(rekorTlogUrls=services, rekorTlogConfig={"selector": selector, **more}))
    return [one.url for one in found.logs]


def test_the_public_instance_is_understood() -> None:
    store = files("sigstore") / "_store" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
    found = with_signing_config(ROOT, (store / "signing_config.v0.2.json").read_bytes(), "the public one")
    assert found.authority == Service("https://fulcio.sigstore.dev", 1)
    assert [one.url for one in found.logs] == ["https://rekor.sigstore.dev"]
    assert [one.url for one in found.timestamp_authorities] == ["https://timestamp.sigstore.dev/api/v1/timestamp"]
    assert found.issuer == "https://oauth2.sigstore.dev/auth"


def test_the_newest_service_of_the_highest_version_is_used_and_one_of_each_operator() -> None:
    assert logs(
        service("https://v1", 1, start="2026"),
        service("https://old/", 2, start="2024"),
        service("https://new/", 2, start="2025"),
        service("https://future", 2, start="2027"),
        service("https://past", 2, start="2020", end="2021"),
        service("https://unknown", 3, start="2026"),
        service("https://b", 2, operator="b", start="2023"),
    ) == ["https://new", "https://b"]


@pytest.mark.parametrize(
    ("selector", "more", "count"),
    [("ANY", {}, 1), ("", {}, 1), ("ALL", {}, 3), ("EXACT", {"count": 2}, 2), ("EXACT", {"count": "3"}, 3)],
)
def test_as_many_services_are_used_as_the_configuration_demands(
    selector: str, more: dict[str, Any], count: int
) -> None:
    services = [service(f"https://{name}", 2, operator=name) for name in "abc"]
    assert len(logs(*services, selector=selector, **more)) == count


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (config(mediaType="application/vnd.dev.sigstore.signingconfig.v0.3+json"), Unsupported),
        (config(mediaType="application/json"), BadContent),
        (config(caUrls=[]), Unsupported),
        (config(caUrls=[service("https://ca", 2)]), Unsupported),
        (config(rekorTlogUrls=[service("https://log", 2, start="2027")]), Unsupported),
        (config(rekorTlogUrls=[{"url": "https://log", "majorApiVersion": 2}]), Unsupported),
        (config(rekorTlogConfig={"selector": "EXACT", "count": 2}), Unsupported),
        (config(rekorTlogConfig={"selector": "EXACT"}), Unsupported),
        (config(rekorTlogConfig={"selector": "SOME"}), Unsupported),
        (config(rekorTlogUrls="https://log"), BadContent),
        (config(rekorTlogUrls=[service("https://log", 2, start="never")]), BadContent),
        (config(caUrls=[service("https://ca")] * 101), TooLarge),
    ],
)
def test_what_cannot_be_used_is_refused(document: dict[str, Any], kind: type[UndercurrentError]) -> None:
    with pytest.raises(kind):
        read(document)


def test_a_root_is_of_use_after_its_services_are_gone() -> None:
    document = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": json.loads(public_trusted_root()),
        "signingConfig": config(caUrls=[]),
    }
    raw = json.dumps(document).encode()
    assert root_of_trust_config(raw, "it").logs
    with pytest.raises(Unsupported):
        parse_trust_config(raw, "it")
    with pytest.raises(TooLarge):
        root_of_trust_config(b" " * (MAX_TRUST_CONFIG + 1), "it")


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_no_bytes_are_more_than_an_error(raw: bytes) -> None:
    for reading in (parse_trust_config, root_of_trust_config):
        with pytest.raises(UndercurrentError):
            reading(raw, "it")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda deeper: st.lists(deeper, max_size=3))


@given(st.dictionaries(st.sampled_from(["caUrls", "rekorTlogUrls", "tsaUrls", "rekorTlogConfig", "tsaConfig"]), JSON))
def test_no_values_are_more_than_an_error(values: dict[str, Any]) -> None:
    with suppress(UndercurrentError):
        read(config(**values))
