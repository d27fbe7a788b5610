"""One verdict for each image, in words, in JSON, as findings, and as an exit code."""

from dataclasses import replace

import pytest

from undercurrent.errors import DigestMismatch, NotFound, RateLimited
from undercurrent.fleet import Failed, Succeeded, Summary
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.digest import Digest
from undercurrent.report.markdown import markdown
from undercurrent.report.model import Report
from undercurrent.report.verification import view
from undercurrent.signing.checks import Check, Format, Reason
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.verify import Problem, Verdict, Verification

DIGEST = Digest("sha256:" + "1f2e3d4c5b6a7980" * 4)
KEY = PrivateKey.generate().public
GOOD = Check(Format.BUNDLE, DIGEST, maker=KEY)
BAD = Check(Format.LEGACY, f"sha256-{DIGEST.encoded}.sig#0", reason=Reason.UNTRUSTED_KEY, message="somebody else did")

VERIFIED = Verification("app:1.0", DIGEST, Verdict.VERIFIED, "", "signed", (GOOD, BAD))
UNSIGNED = Verification("app:2.0", DIGEST, Verdict.UNSIGNED, "unsigned", "it has no signature")
UNTRUSTED = Verification("app:3.0", DIGEST, Verdict.UNTRUSTED, "untrusted-key", "refused", (BAD,))
SILENT = Problem("referrers", "timed-out", "nobody answered", "try again")
NOT_CHECKED = Verification(
    "app:4.0", DIGEST, Verdict.COULD_NOT_CHECK, "timed-out", "nobody answered", (BAD,), (SILENT,)
)


def viewed(*outcomes: Verification | Failed) -> Report:
    ended = tuple(outcome if isinstance(outcome, Failed) else Succeeded(outcome.name, outcome) for outcome in outcomes)
    return view(Summary(ended, interrupted=False, duration_s=1.0))


@pytest.mark.parametrize(
    ("outcome", "words", "code", "rule", "summary"),
    [
        (VERIFIED, "✓ verified", 0, None, "1 verified"),
        (UNSIGNED, "✗ unsigned", 1, "UC201", "1 unsigned"),
        (UNTRUSTED, "✗ untrusted", 1, "UC202", "1 untrusted"),
        (NOT_CHECKED, "? could not check", 4, "UC203", "1 could not be checked"),
        (Failed("app:5.0", RateLimited("429")), "? could not check", 4, "UC203", "1 could not be checked"),
        (Failed("app:6.0", NotFound("gone")), "? could not check", 2, "UC203", "1 could not be checked"),
        (Failed("app:7.0", DigestMismatch("other bytes")), "✗ untrusted", 1, "UC202", "1 untrusted"),
    ],
)
def test_each_verdict(outcome: Verification | Failed, words: str, code: int, rule: str | None, summary: str) -> None:
    report = viewed(outcome)

    assert f"| {words} |" in markdown(report)
    assert report.exit_code == code
    assert [finding.rule.code for finding in report.findings] == ([rule] if rule else [])
    assert report.summary
    assert report.summary.text == summary


def test_the_worst_decides_and_each_counts() -> None:
    report = viewed(VERIFIED, NOT_CHECKED, replace(VERIFIED, name="app:1.1"), UNTRUSTED, UNSIGNED)

    assert report.exit_code == 1
    assert report.summary
    assert report.summary.text == "2 verified, 1 unsigned, 1 untrusted, 1 could not be checked"
    assert report.summary.mood == "bad"
    assert viewed(VERIFIED, NOT_CHECKED).exit_code == 4


def test_nothing_found_is_said_and_is_no_failure() -> None:
    report = viewed()

    assert report.summary
    assert (report.summary.text, report.exit_code, report.blocks) == ("no image was found", 0, [])


def test_reasons_come_first_and_the_table_last() -> None:
    unsigned = replace(UNSIGNED, name="", platform=Platform("linux", "arm64"))
    index = replace(UNTRUSTED, checks=(), platforms=(unsigned, replace(unsigned, verdict=Verdict.VERIFIED)))

    lines = markdown(viewed(UNSIGNED, UNTRUSTED, NOT_CHECKED, index)).splitlines()

    assert lines[: lines.index("| image | verdict | signed by | formats |")] == [
        "- app:3.0@sha256:1f2e3d4c5b6a…",
        "  - ✗ legacy sha256-1f2e3d4c5b6a….sig\\#0: somebody else did",
        "",
        "- app:4.0@sha256:1f2e3d4c5b6a…",
        "  - ✗ legacy sha256-1f2e3d4c5b6a….sig\\#0: somebody else did",
        "  - nobody answered",
        "  - try again",
        "",
        "- app:3.0@sha256:1f2e3d4c5b6a…",
        "  - linux/arm64  ✗ unsigned",
        "  - linux/arm64  ✓ verified",
        "",
    ]


def test_the_key_is_named_by_the_beginning_of_its_fingerprint() -> None:
    assert f"| app:1.0 | ✓ verified | {KEY.fingerprint[:12]} | bundle |" in markdown(viewed(VERIFIED))


def test_machines_get_every_check() -> None:
    report = viewed(VERIFIED, NOT_CHECKED, Failed("app:6.0", NotFound("gone", hint="look")))

    verified, not_checked = report.data["images"]
    assert (verified["verdict"], verified["keys"], verified["formats"]) == ("verified", [KEY.fingerprint], ["bundle"])
    assert [check["reason"] for check in verified["checks"]] == [None, "untrusted-key"]
    assert not_checked["problems"] == [{"where": "referrers", "code": "timed-out", "message": "nobody answered"}]
    assert report.data["failures"] == [{"name": "app:6.0", "code": "not-found", "message": "gone", "hint": "look"}]
