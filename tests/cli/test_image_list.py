"""``uc image list``, ``tree`` and ``copy``: what is there, what hangs on it, and how it gets elsewhere."""

import subprocess
from pathlib import Path

import pytest
from tests.support.background import in_background
from tests.support.cli import UcRunner
from tests.support.estate import SIGNED, STRANGE, TWO_PLATFORMS, UNSIGNED, Estate
from tests.support.fakeengine import FakeEngine
from tests.support.registry import FakeRegistry, Fault

ONCE = {"UNDERCURRENT_NET_RETRIES": "0"}


def test_images_are_listed_with_what_can_be_seen(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "list", "--layout", "images")

    assert result.exit_code == 0
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.startswith("acme/")}
    digest = {name: estate.digest(name).partition(":")[2][:12] for name in lines}
    assert lines[SIGNED][1:3] == [digest[SIGNED], "linux/amd64"]
    assert lines[SIGNED][-2:] == ["both", "no"]
    assert lines[UNSIGNED][-2:] == ["no", "no"]
    assert lines[TWO_PLATFORMS][1:3] == [digest[TWO_PLATFORMS], "linux/amd64"]
    assert "\n                     " in result.stdout, "the other platform stands below"
    assert "4 images, 2 signed, 0 with an SBOM; nothing here is verified" in result.stdout


def test_every_kind_of_place_at_once(run_uc: UcRunner, estate: Estate, registry: FakeRegistry, tmp_path: Path) -> None:
    registry.put_image("acme/app", "1.0")
    registry.put_image("acme/app", "2.0", layers=(b"two",))
    archive = run_uc.folder / "images.tar"
    subprocess.run(["tar", "-C", estate.images, "-cf", archive, "."], check=True)
    with in_background(FakeEngine(tmp_path / "docker.sock")) as engine:
        engine.add("hello", "local:1.0")
        places = ("--registry", registry.host, "--layout", "images", "--archive", "images.tar", "--engine", "docker")
        result = run_uc(
            *("image", "list", *places, "--include", "acme/*", "--include", "local:*", "--exclude", "*/both:*"),
            "--json",
            env={"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"},
        )

    assert result.exit_code == 0, result.stderr
    assert sorted(image["place"] for image in result.json["data"]["images"]) == sorted(
        [
            *(f"{registry.host}/acme/app:{tag}" for tag in ("1.0", "2.0")),
            *(f"oci:images:{name}" for name in (SIGNED, UNSIGNED, STRANGE)),
            *(f"oci-archive:images.tar:{name}" for name in (SIGNED, UNSIGNED, STRANGE)),
            "docker:local:1.0",
        ]
    )


def test_a_place_that_does_not_answer_does_not_hide_the_others(
    run_uc: UcRunner, estate: Estate, registry: FakeRegistry
) -> None:
    registry.fail(Fault(path="_catalog", status=500, times=None))

    result = run_uc("image", "list", "--registry", registry.host, "--layout", "images", "--layout", "gone", env=ONCE)

    assert result.exit_code == 4
    assert "4 images, 2 signed" in result.stdout
    failures = result.stdout[result.stdout.index("could not be done") :]
    assert f"├── {registry.host}\n" in failures
    assert "└── oci:gone\n    ├── gone does not exist\n" in failures


def test_nothing_to_find_is_said(run_uc: UcRunner) -> None:
    result = run_uc("image", "list", env={"PATH": "", "DOCKER_HOST": "unix:///nowhere", "CONTAINER_HOST": ""})

    assert result.exit_code == 0
    assert result.stdout.startswith("no image was found")


def test_a_tree_draws_everything_that_hangs_on_an_image(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "vex.json").write_text("{}")
    attested = run_uc(
        *("image", "attest", SIGNED, "--layout", "images", "--type", "openvex", "--predicate", "vex.json"),
        *("--key", "open.key", "--format", "bundle"),
        env={"COSIGN_PASSWORD": ""},
    )
    assert attested.exit_code == 0, attested.stderr

    mine = run_uc("image", "tree", SIGNED, "--layout", "images", "--key", "cosign.pub")
    (run_uc.folder / "cosign.pub").unlink()
    (run_uc.folder / "cosign.key").unlink()
    nobodys = run_uc("image", "tree", SIGNED, UNSIGNED, "--layout", "images")

    assert (mine.exit_code, nobodys.exit_code) == (0, 0), nobodys.stderr
    assert "✓ signature (legacy) by key" in mine.stdout
    assert "✗ attestation openvex (bundle): it is made by key" in " ".join(mine.stdout.split())
    assert "✓" not in nobodys.stdout
    assert "signature (bundle) by" in nobodys.stdout
    assert "└── nothing hangs on it" in nobodys.stdout


def test_machines_get_the_tree(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "tree", STRANGE, TWO_PLATFORMS, "--layout", "images", "--json")

    strange, both = result.json["data"]["images"]
    assert [item["accepted"] for item in strange["attachments"]] == [False, False]
    assert {item["reason"] for item in strange["attachments"]} == {"untrusted-key"}
    assert [platform["platform"] for platform in both["platforms"]] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize("flags", [(), ("--bare",)])
def test_a_copy_takes_along_what_hangs_on_it(
    run_uc: UcRunner, estate: Estate, registry: FakeRegistry, flags: tuple[str, ...]
) -> None:
    there = f"{registry.host}/copies/app:1.0"
    copied = run_uc("image", "copy", f"oci:images:{SIGNED}", there, *flags)
    verified = run_uc("image", "verify", there)

    assert copied.exit_code == 0, copied.stderr
    assert estate.digest(SIGNED) in copied.stdout
    assert copied.stdout.endswith("copied\n")
    assert verified.exit_code == (1 if flags else 0), verified.stdout


def test_a_copy_out_of_an_engine(run_uc: UcRunner, tmp_path: Path) -> None:
    with in_background(FakeEngine(tmp_path / "docker.sock")) as engine:
        engine.add("hello", "app:1.0")
        env = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
        copied = run_uc("image", "copy", "docker:app:1.0", "oci:new:app:1.0", "--json", env=env)

    assert copied.json["data"]["place"] == "oci:new:app:1.0"
    assert [image["name"] for image in run_uc("image", "list", "--layout", "new", "--json").json["data"]["images"]] == [
        "app:1.0"
    ]
