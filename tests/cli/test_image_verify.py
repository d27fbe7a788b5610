"""``uc image verify``: one verdict each, the right words, the right exit code, the same for machines."""

import asyncio
import json
from typing import Any, Final

import pytest
from tests.support.background import in_background
from tests.support.cli import Result, UcRunner
from tests.support.estate import SIGNED, STRANGE, TWO_PLATFORMS, UNSIGNED, Estate
from tests.support.registry import FakeRegistry, Fault

from undercurrent.oci.files.layout import Layout
from undercurrent.workflows.demo import swap_signatures

ONCE: Final = {"UNDERCURRENT_NET_RETRIES": "0", "UNDERCURRENT_NET_TIMEOUT_S": "1"}


def verdicts(result: Result) -> dict[str, tuple[str, str]]:
    """Verdict and reason of each image; of those that were not even found, the code."""
    data = result.json["data"]
    found = {image["name"]: (image["verdict"], image["reason"]) for image in data["images"]}
    return found | {failed["name"]: ("", failed["code"]) for failed in data["failures"]}


def codes(result: Result) -> list[str]:
    return sorted(finding["code"] for finding in result.json["findings"])


def test_all_four_verdicts_in_one_run(run_uc: UcRunner, estate: Estate) -> None:
    names = (SIGNED, UNSIGNED, STRANGE, "127.0.0.1:1/app:1.0")

    result = run_uc("image", "verify", *names, "--layout", "images", "--key", "cosign.pub", env=ONCE)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "acme/signed:1.0       ✓ verified" in result.stdout
    assert "acme/unsigned:1.0     ✗ unsigned" in result.stdout
    assert "acme/strange:1.0      ✗ untrusted" in result.stdout
    assert "127.0.0.1:1/app:1.0   ? could not check" in result.stdout
    assert "127.0.0.1:1 refuses connections" in result.stdout
    assert lines[-1] == "1 verified, 1 unsigned, 1 untrusted, 1 could not be checked"
    assert max(map(len, lines)) <= 80


def test_machines_get_the_same(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "verify", "--all", "--layout", "images", "--json")

    assert result.exit_code == 1
    assert verdicts(result) == {
        SIGNED: ("verified", ""),
        UNSIGNED: ("unsigned", "unsigned"),
        STRANGE: ("untrusted", "untrusted-key"),
        TWO_PLATFORMS: ("unsigned", "unsigned"),
    }
    assert codes(result) == ["UC201", "UC201", "UC202"]
    (signed,) = [image for image in result.json["data"]["images"] if image["name"] == SIGNED]
    assert signed["digest"] == estate.digest(SIGNED)
    assert signed["formats"] == ["bundle", "legacy"]


def test_code_scanners_get_the_same(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "verify", SIGNED, UNSIGNED, STRANGE, "--layout", "images", "--output", "sarif")

    assert result.exit_code == 1
    (run,) = result.json["runs"]
    assert [(found["ruleId"], found["level"]) for found in run["results"]] == [("UC201", "error"), ("UC202", "error")]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["UC201", "UC202"]
    assert run["results"][0]["properties"]["digest"] == estate.digest(UNSIGNED)


def test_pull_requests_get_the_same(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "verify", SIGNED, UNSIGNED, "--layout", "images", "-o", "markdown")

    assert f"| {SIGNED} | ✓ verified |" in result.stdout
    assert f"| {UNSIGNED} | ✗ unsigned |" in result.stdout


@pytest.mark.parametrize(
    ("change", "flags", "verdict", "code"),
    [
        ("manifest", (), ("untrusted", "digest-mismatch"), 1),
        ("layer", (), ("verified", ""), 0),
        ("layer", ("--deep",), ("untrusted", "digest-mismatch"), 1),
        ("key", (), ("untrusted", "untrusted-key"), 1),
        ("annotation", ("-a", "team=red"), ("untrusted", "annotations-differ"), 1),
    ],
)
def test_what_was_changed_is_refused(
    run_uc: UcRunner, estate: Estate, change: str, flags: tuple[str, ...], verdict: tuple[str, str], code: int
) -> None:
    if change not in {"key", "annotation"}:
        tamper(estate, change)
    key = "open.pub" if change == "key" else "cosign.pub"

    result = run_uc("image", "verify", SIGNED, "--layout", "images", "--key", key, *flags, "--json")

    assert (verdicts(result)[SIGNED], result.exit_code) == (verdict, code)


def tamper(estate: Estate, what: str) -> None:
    """Changes one byte."""
    file = estate.blob(estate.digest(SIGNED))
    if what == "layer":
        file = estate.blob(json.loads(file.read_bytes())["layers"][0]["digest"])
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_the_signature_of_another_image_is_refused(run_uc: UcRunner, estate: Estate) -> None:
    asyncio.run(swap_signatures(Layout.open(estate.images), STRANGE, SIGNED))

    result = run_uc("image", "verify", STRANGE, "--layout", "images", "--json")

    assert (verdicts(result)[STRANGE], result.exit_code) == (("untrusted", "other-image"), 1)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 401}, "unauthorized"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, "rate-limited"),
        ({"status": 500}, "remote-fault"),
        ({"delay_s": 3.0}, "timed-out"),
    ],
)
def test_a_registry_that_does_not_answer_could_not_be_checked(
    run_uc: UcRunner, estate: Estate, registry: FakeRegistry, fault: dict[str, Any], code: str
) -> None:
    registry.put_image("silent/app", "1.0")
    registry.put_image("silent/other", "1.0")
    registry.fail(Fault(path="/referrers/|/other/manifests/", times=None, **fault))
    app, other = f"{registry.host}/silent/app:1.0", f"{registry.host}/silent/other:1.0"

    result = run_uc("image", "verify", app, other, SIGNED, "--layout", "images", "--json", env=ONCE)

    assert verdicts(result) == {app: ("could-not-check", code), other: ("", code), SIGNED: ("verified", "")}
    assert codes(result) == ["UC203", "UC203"]
    assert result.exit_code == 4
    assert "unsigned" not in result.stdout.replace("image-unsigned", "")


def test_what_was_signed_in_a_registry_is_verified_there(run_uc: UcRunner, estate: Estate) -> None:
    with in_background(FakeRegistry(referrers=False, basic=("ann", "secret"))) as registry:
        name = f"{registry.host}/acme/app:1.0"
        registry.put_image("acme/app", "1.0")
        before = run_uc("image", "verify", name, "--key", "open.pub", env=ONCE)
        run_uc("login", registry.host, "-u", "ann", "--password-stdin", input="secret\n")
        signed = run_uc("image", "sign", name, "--key", "open.key", env={"COSIGN_PASSWORD": ""})
        after = run_uc("image", "verify", name, "--key", "open.pub", "--json")

    assert before.exit_code == 4
    assert f"uc login {registry.host}" in before.stdout
    assert signed.exit_code == 0, signed.stderr
    assert verdicts(after) == {name: ("verified", "")}


def test_every_platform_has_to_be_signed_if_that_is_asked_for(run_uc: UcRunner, estate: Estate) -> None:
    signing = ("image", "sign", TWO_PLATFORMS, "--layout", "images", "--key", "open.key")
    verifying = ("image", "verify", TWO_PLATFORMS, "--layout", "images", "--key", "open.pub", "--recursive")
    run_uc(*signing, env={"COSIGN_PASSWORD": ""})
    half = run_uc(*verifying)
    run_uc(*signing, "--recursive", env={"COSIGN_PASSWORD": ""})
    whole = run_uc(*verifying)

    assert half.exit_code == 1
    assert "├── linux/amd64  ✗ unsigned\n└── linux/arm64  ✗ unsigned" in half.stdout
    assert whole.exit_code == 0, whole.stdout


def test_every_outcome_becomes_evidence(run_uc: UcRunner, estate: Estate) -> None:
    run_uc("image", "verify", SIGNED, UNSIGNED, "nothing:1.0", "--layout", "images")

    records = run_uc("evidence", "list", "--kind", "image-verified", "--json").json["data"]["records"]

    assert {record["name"]: record["outcome"] for record in records} == {
        SIGNED: "verified",
        UNSIGNED: "unsigned",
        "nothing:1.0": "could-not-check",
    }
    assert len({record["run"] for record in records}) == 1
