"""What machines get: the JSON envelope, and SARIF."""

import json
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from undercurrent.errors import NotFound
from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.report.model import Cell, Report, Text
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
                "fix": None,
                "fingerprint": "",
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
        finding("app:1.0"),
        finding("localhost:5000/app:1.0"),
        finding("https://example.com/x.git//Dockerfile"),
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
        "app:1.0",
        "localhost:5000/app:1.0",
        "https://example.com/x.git//Dockerfile",
    ]
    assert [urlsplit(address).scheme for address in addresses] == [*[""] * 5, "https"]
    assert all(address.isascii() and " " not in address for address in addresses)
    assert [urlsplit(address).geturl() for address in addresses] == addresses
    assert [place.get("region") for place in physical] == [None, {"startLine": 3, "startColumn": 7}, *[None] * 4]


def test_sarif_fingerprints_tell_findings_apart(run: dict[str, Any]) -> None:
    fingerprints = [tuple(result["partialFingerprints"].items()) for result in run["results"]]

    assert len(set(fingerprints)) == len(fingerprints)


def test_sarif_without_findings_is_a_clean_run() -> None:
    document = json.loads(RENDERERS["sarif"](Report("image-verify", {"images": []})))

    assert document["runs"][0]["results"] == []


def test_sarif_carries_a_rules_example_and_how_often_it_is_right() -> None:
    rule = Rule(
        "UC000", "name", Severity.NOTE, "s", "e", "r", confidence=0.8, before="FROM a\n", after="FROM a\nUSER 1\n"
    )
    document = json.loads(
        RENDERERS["sarif"](Report("t", {}, findings=[rule.found(Place("D", 1), "m", fingerprint="f")]))
    )

    (run,) = document["runs"]
    (told,) = run["tool"]["driver"]["rules"]
    assert "```dockerfile\nFROM a\nUSER 1\n```" in told["help"]["markdown"]
    assert told["properties"]["precision"] == "high"
    assert run["results"][0]["partialFingerprints"] == {"undercurrent/v2": "f"}
    assert run["results"][0]["properties"]["confidence"] == 0.8


def test_sarif_says_what_would_mend_it_and_offers_no_edit_that_it_does_not_have() -> None:
    fix = Fix("end with USER 10001:10001", safe=True)
    document = json.loads(
        RENDERERS["sarif"](Report("t", {}, findings=[IMAGE_UNSIGNED.found(Place("D", 1), "m", fix=fix)]))
    )

    (result,) = document["runs"][0]["results"]
    assert result["properties"]["fix"] == {"description": "end with USER 10001:10001", "safe": True}
    assert "fixes" not in result


def test_annotations_escape_what_githubs_runner_reads() -> None:
    found = IMAGE_UNSIGNED.found(Place("a,b:50%/Dockerfile", 3, 7), "50% of it\r\nsays ::error::x: no")

    text = RENDERERS["github"](Report("t", {}, findings=[found], summary=Cell("::error::1 finding")))

    assert text.splitlines() == [
        (
            "::error file=a%2Cb%3A50%25/Dockerfile,line=3,col=7,title=UC201 image-unsigned"
            "::50%25 of it%0Asays ::error::x: no"
        ),
        "error::1 finding",
    ]


def test_annotations_hide_nothing_that_nobody_sees() -> None:
    found = IMAGE_UNSIGNED.found(Place("a\x1b[31m"), "red\x1b[31m", severity=Severity.NOTE)

    assert RENDERERS["github"](Report("t", {}, findings=[found])) == (
        "::notice file=a\\x1b[31m,title=UC201 image-unsigned::red\\x1b[31m\n"
    )


def test_junit_has_a_suite_for_each_file_and_a_passed_case_where_nothing_was_found() -> None:
    findings = [finding("b", line=2), finding("b", line=9), finding('<c & "d">\x00')]

    document = RENDERERS["junit"](Report("t", {}, findings=findings, checked=["a", "b"]))

    root = ET.fromstring(document)  # noqa: S314 - of our own making
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "4", "3", "0")
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["a", "b", '<c & "d">\ufffd']
    for suite in suites.values():
        cases = list(suite)
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(sum(len(case) for case in cases))
        assert all(case.tag == "testcase" and case.get("name") and case.get("classname") for case in cases)
    assert [len(case) for case in suites["a"]] == [0]
    assert [case.get("name") for case in suites["b"]] == ["UC201 image-unsigned:2", "UC201 image-unsigned:9"]
    failure = suites["b"][0][0]
    assert (failure.tag, failure.get("type"), failure.get("message")) == (
        "failure",
        "error",
        "b: it has no signature",
    )
