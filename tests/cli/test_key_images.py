"""``uc key images``: what a lost key signed, and what nobody else stands for."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.cli import Result, UcRunner
from tests.support.estate import PASSWORD, SIGNED, STRANGE, TWO_PLATFORMS, UNSIGNED, Estate

OURS: Final = {"COSIGN_PASSWORD": PASSWORD, "COSIGN_KEY": "cosign.key"}
OTHER: Final = {"COSIGN_PASSWORD": "", "COSIGN_KEY": "open.key"}
PLACE: Final = ("--layout", "images")
BOTH: Final = '[signing]\npublic_keys = ["cosign.pub", "open.pub"]\n'


@pytest.fixture
def uc(run_uc: UcRunner, estate: Estate) -> UcRunner:
    """Images that one key signed, that both signed, that one attested, and that was only verified here."""
    (run_uc.folder / "undercurrent.toml").write_text(BOTH)
    (run_uc.folder / "vuln.json").write_text("{}")
    for arguments, key in (
        (("image", "sign", UNSIGNED), OURS),
        (("image", "sign", TWO_PLATFORMS), OURS),
        (("image", "sign", TWO_PLATFORMS), OTHER),
        (("image", "attest", STRANGE, "--type", "vuln", "--predicate", "vuln.json"), OURS),
        (("image", "verify", SIGNED), OURS),
    ):
        done = run_uc(*arguments, *PLACE, env=key)
        assert done.exit_code == 0, done.stderr
    return run_uc


def images(result: Result) -> Mapping[str, Any]:
    assert result.stdout, result.stderr
    return {image["name"]: image for image in result.json["data"]["images"]}


def test_all_that_evidence_knows_of_a_key(uc: UcRunner) -> None:
    listed = uc("key", "images", "--json")
    found = images(listed)

    assert {name: image["deeds"] for name, image in found.items()} == {
        UNSIGNED: ["signed"],
        TWO_PLATFORMS: ["signed"],
        STRANGE: ["attested"],
        SIGNED: ["verified"],
    }
    assert {name for name, image in found.items() if image["covered"]} == {TWO_PLATFORMS}
    assert listed.exit_code == 1
    by_name = uc("key", "images", listed.json["data"]["fingerprint"][:12], "--json")
    assert images(by_name) == found
    other = uc("key", "images", "open.pub", "--json")
    assert set(images(other)) == {TWO_PLATFORMS}
    assert other.exit_code == 0


def test_it_can_be_checked_now_with_the_others_alone(uc: UcRunner, tmp_path: Path) -> None:
    before = images(uc("key", "images", "--check", "--json"))
    uc("image", "sign", UNSIGNED, SIGNED, STRANGE, *PLACE, env=OTHER)
    after = uc("key", "images", "--check")
    shutil.rmtree(uc.folder / "images")
    lost = uc("key", "images", "--check")

    assert {name: image["verdict"] for name, image in before.items()} == {
        UNSIGNED: "untrusted",
        TWO_PLATFORMS: "verified",
        STRANGE: "untrusted",
        SIGNED: "untrusted",
    }
    assert after.exit_code == 0, after.stderr
    assert after.stdout.splitlines()[-1] == "4 images by this key; none depends on it"
    assert lost.exit_code != 0
    assert "of them by nobody else" not in lost.stdout


def test_what_was_deleted_needs_nobody(uc: UcRunner, estate: Estate) -> None:
    shutil.rmtree(uc.folder / "images")
    uc("image", "pack", ".", "-t", "acme/fresh:1.0", *PLACE)

    found = images(uc("key", "images", "--check", "--json"))

    assert {image["verdict"] for image in found.values()} == {"gone"}


def test_without_another_key(uc: UcRunner) -> None:
    (uc.folder / "undercurrent.toml").unlink()

    listed = uc("key", "images", "cosign.pub", "--json")
    checked = uc("key", "images", "cosign.pub", "--check")

    assert not any(image["covered"] for image in images(listed).values())
    assert checked.exit_code == 2
    assert "no other key is trusted" in checked.stderr


def test_a_key_that_did_nothing(run_uc: UcRunner, estate: Estate) -> None:
    listed = run_uc("key", "images", "open.pub")

    assert listed.exit_code == 0
    assert listed.stdout == "evidence knows of nothing that this key signed\n"
