"""What machines get: the JSON envelope, and SARIF."""

import json
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from undercurrent.errors import NotFound
from undercurrent.findings import Finding, Place
from undercurrent.report.model import Report, Text
from undercurrent.report.render import RENDERERS, as_json, error_as_json
from undercurrent.signing.checks import Format
from undercurrent.signing.rules import IMAGE_UNSIGNED, NOT_CHECKED


def finding(name: str = "ghcr.io/acme/app:1.0", *, line: int = 0, column: int = 0) -> Finding:
    place = Place(name, line, column)
    properties = {"verdict": "unsigned", "digest": "sha256:1f"}
    return Finding(
        IMAGE_UNSIGNED, f"{name}: it has no signature", place, IMAGE_UNSIGNED.severity, properties=properties
    )


def test_every_output_has_a_renderer_and_ends_in_a_line_end() -> None:
    report = Report("test", {"a": 1}, [Text("one")], findings=[finding()])

    for render in RENDERERS.values():
        assert render(report).endswith("\n")


def test_the_envelope() -> None:
    data = {"formats": [Format.BUNDLE], "map": MappingProxyType({"名": None}), "count": 3}

    text = as_json(Report("image-verify", data, findings=[finding(line=3)]))

    assert "名" in text
    assert json.loads(text) == {
        "schema": "undercurrent/v1",
        "kind": "image-verify",
        "data": {"formats": ["bundle"], "map": {"名": None}, "count": 3},
        "findings": [
            {
                "code": "UC201",
                "name": "image-unsigned",
                "severity": "error",
                "confidence": 1.0,
                "message": "ghcr.io/acme/app:1.0: it has no signature",
                "place": {"name": "ghcr.io/acme/app:1.0", "line": 3, "column": 0},
                "properties": {"verdict": "unsigned", "digest": "sha256:1f"},
            }
        ],
    }


def test_an_error_has_the_same_envelope() -> None:
    assert json.loads(error_as_json(NotFound("no such thing", hint="look elsewhere"))) == {
        "schema": "undercurrent/v1",
        "kind": "error",
        "error": {
            "code": "not-found",
            "message": "no such thing",
            "hint": "look elsewhere",
            "docs": "reference/errors/#not-found",
        },
    }


@pytest.fixture
def run() -> dict[str, Any]:
    """The run of a SARIF document with findings of two rules."""
    findings = [
        finding(),
        finding("Dockerfile", line=3, column=7),
        Finding(NOT_CHECKED, "nobody answers", Place("Not A Reference: é"), NOT_CHECKED.severity),
    ]
    document = json.loads(RENDERERS["sarif"](Report("image-verify", {"images": []}, findings=findings)))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (only,) = document["runs"]
    assert isinstance(only, dict)
    return only


def test_sarif_names_the_rules_once_and_results_point_at_them(run: dict[str, Any]) -> None:
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["UC201", "UC203"]
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]


def test_sarif_places_are_addresses_that_parse(run: dict[str, Any]) -> None:
    physical = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    addresses = [place["artifactLocation"]["uri"] for place in physical]

    assert [unquote(address) for address in addresses] == [
        "ghcr.io/acme/app:1.0",
        "Dockerfile",
        "Not A Reference: é",
    ]
    assert all(address.isascii() and " " not in address for address in addresses)
    assert [urlsplit(address).geturl() for address in addresses] == addresses
    assert [place.get("region") for place in physical] == [None, {"startLine": 3, "startColumn": 7}, None]


def test_sarif_fingerprints_tell_findings_apart(run: dict[str, Any]) -> None:
    fingerprints = [tuple(result["partialFingerprints"].items()) for result in run["results"]]

    assert len(set(fingerprints)) == len(fingerprints)


def test_sarif_without_findings_is_a_clean_run() -> None:
    document = json.loads(RENDERERS["sarif"](Report("image-verify", {"images": []})))

    assert document["runs"][0]["results"] == []
