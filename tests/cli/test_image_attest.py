"""``uc image attest``."""

import json
from typing import Final

import pytest
from tests.support.cli import UcRunner
from tests.support.estate import SIGNED, UNSIGNED, Estate

OPEN: Final = {"COSIGN_PASSWORD": "", "COSIGN_KEY": "open.key"}
ASKED: Final = ("image", "attest", "--layout", "images", "--type", "vuln")


def test_a_statement_is_attached_once(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "scan.json").write_text(json.dumps({"scanner": {"uri": "x"}}))
    asked = (*ASKED, "--predicate", "scan.json", SIGNED, UNSIGNED)

    planned, first = run_uc(*asked, "--dry-run", env=OPEN), run_uc(*asked, "--json", env=OPEN)
    again = run_uc(*asked, env=OPEN)

    assert planned.stdout.count("would be attested") == 2
    assert [image["added"] for image in first.json["data"]["images"]] == [["bundle", "legacy"]] * 2
    assert first.json["data"]["images"][0]["type"] == "https://cosign.sigstore.dev/attestation/vuln/v1"
    assert again.stdout.count("attested already") == 2
    assert (planned.exit_code, first.exit_code, again.exit_code) == (0, 0, 0)


def test_the_predicate_may_come_from_standard_input(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc(*ASKED, UNSIGNED, "--predicate", "-", "--json", env=OPEN, input="{}")

    assert [image["name"] for image in result.json["data"]["images"]] == [UNSIGNED]


def test_one_statement_may_be_about_all_of_them(run_uc: UcRunner, estate: Estate) -> None:
    asked = (*ASKED, "--joint", "--predicate", "-", SIGNED, UNSIGNED)

    planned, first = run_uc(*asked, "-n", env=OPEN, input="{}"), run_uc(*asked, "--json", env=OPEN, input="{}")
    again = run_uc(*asked, env=OPEN, input="{}")

    images = first.json["data"]["images"]
    assert [(image["added"], image["subjects"]) for image in images] == [(["bundle", "legacy"], 2)] * 2
    assert {image["statement"] for image in images} == {images[0]["statement"]}
    assert planned.stdout.count("would be attested") == 2
    assert again.stdout.count("attested already") == 2
    for result in (planned, again):
        assert f"one statement, {images[0]['statement']}; images it is about: 2" in result.stdout


@pytest.mark.parametrize(
    ("type_", "predicate", "message"),
    [
        ("nonsense", "{}", "'nonsense' is no predicate type"),
        ("vuln", "not JSON", "the predicate is not valid JSON"),
        ("vuln", "[]", "the predicate is not"),
        ("spdx", "", "the predicate"),
    ],
)
def test_a_bad_predicate_is_one_error(
    run_uc: UcRunner, estate: Estate, type_: str, predicate: str, message: str
) -> None:
    result = run_uc(
        *("image", "attest", "--all", "--layout", "images", "--type", type_, "--predicate", "-"),
        env=OPEN,
        input=predicate,
    )

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error[usage]: {message}")
    assert len(result.stderr.splitlines()) <= 2
