"""Disks that are full, or can only be read: a clear error, nothing half there, and all is done once there is room."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.cli import Result, UcRunner
from tests.support.smalldisk import Disk, small_disk
from tests.support.standing import check_signed_once, check_whole, push_fleet

from undercurrent.evidence import open_store
from undercurrent.oci.files.layout import Layout
from undercurrent.signing.keys import PrivateKey, PublicKey, write_key_pair

IMAGES: Final = 12
KIB: Final = 1024


@pytest.fixture
def disk(run_uc: UcRunner) -> Iterator[Disk]:
    with small_disk(run_uc.folder / "disk") as mounted:
        yield mounted


@pytest.fixture
def key(run_uc: UcRunner) -> PublicKey:
    made = PrivateKey.generate()
    write_key_pair(made, run_uc.folder / "cosign.key", b"")
    return made.public


def make_images(path: Path) -> None:
    layout = Layout.open(path, create=True)
    asyncio.run(push_fleet(layout, [f"app:{number}" for number in range(IMAGES)]))


def pack_noise(run_uc: UcRunner) -> None:
    """Makes an image that does not get smaller than 320 KiB."""
    (run_uc.folder / "files").mkdir()
    (run_uc.folder / "files" / "noise").write_bytes(os.urandom(320 * KIB))
    assert run_uc("image", "pack", "files", "-t", "app:1.0", "--layout", "images").exit_code == 0


def sign(run_uc: UcRunner, layout: str, **variables: str) -> Result:
    result = run_uc("image", "sign", "--all", "--layout", layout, "--json", env={"COSIGN_PASSWORD": "", **variables})
    assert "Traceback" not in result.stderr, result.stderr
    return result


def check_error(result: Result) -> None:
    """It says that this machine lacks something, and what."""
    assert result.exit_code == 3, (result.stdout, result.stderr)
    document = result.json
    errors = [document["error"]] if "error" in document else document["data"]["failures"]
    assert errors
    for error in errors:
        assert error["code"] == "environment", error
        assert any(words in error["message"] for words in ("No space left", "no room left", "disk I/O error")), error


def check_all_signed(run_uc: UcRunner, path: Path, key: PublicKey) -> None:
    layout = Layout.open(path)
    asyncio.run(check_whole(layout))
    asyncio.run(check_signed_once(layout, key, IMAGES))
    with open_store(f"sqlite:///{run_uc.home}/.local/share/undercurrent/evidence.db") as store:
        assert len({record.subject for record in store.query(kind="image-signed")}) == IMAGES


@pytest.mark.parametrize("left", [0, 4 * KIB, 20 * KIB, 100 * KIB, 180 * KIB])
def test_the_disk_of_a_layout_fills_up(run_uc: UcRunner, disk: Disk, key: PublicKey, left: int) -> None:
    make_images(disk.path / "images")
    disk.fill(left)

    check_error(sign(run_uc, "disk/images"))

    assert not list(disk.path.glob("images/.uc-*.tmp"))
    asyncio.run(check_whole(Layout.open(disk.path / "images")))
    verified = run_uc("image", "verify", "--all", "--layout", "disk/images", "--key", "cosign.pub", "--json")
    assert {image["verdict"] for image in verified.json["data"]["images"]} <= {"verified", "unsigned"}
    disk.clear()
    assert sign(run_uc, "disk/images").exit_code == 0
    check_all_signed(run_uc, disk.path / "images", key)


@pytest.mark.parametrize("left", [0, 4 * KIB])
def test_the_disk_of_the_journal_fills_up(run_uc: UcRunner, disk: Disk, key: PublicKey, left: int) -> None:
    make_images(run_uc.folder / "images")
    variables = {"XDG_STATE_HOME": str(disk.path)}
    disk.fill(left)

    result = sign(run_uc, "images", **variables)

    check_error(result)
    assert "cannot write the journal" in result.json["error"]["message"]
    assert "make room" in result.json["error"]["hint"]
    disk.clear()
    assert sign(run_uc, "images", **variables).exit_code == 0
    check_all_signed(run_uc, run_uc.folder / "images", key)


@pytest.mark.parametrize("left", [0, 8 * KIB, 80 * KIB, 120 * KIB])
def test_the_disk_of_the_evidence_fills_up(run_uc: UcRunner, disk: Disk, key: PublicKey, left: int) -> None:
    """At its start, while it is made, with the first record, and in the middle of the run."""
    make_images(run_uc.folder / "images")
    (run_uc.home / ".local").mkdir()
    (run_uc.home / ".local/share").symlink_to(disk.path)
    disk.fill(left)

    check_error(sign(run_uc, "images"))

    disk.clear()
    assert sign(run_uc, "images").exit_code == 0
    check_all_signed(run_uc, run_uc.folder / "images", key)


@pytest.mark.parametrize("left", [0, 16 * KIB, 300 * KIB])
def test_the_disk_of_a_new_layout_fills_up(run_uc: UcRunner, disk: Disk, left: int) -> None:
    """An image of 320 KiB is copied there, and one is packed there."""
    pack_noise(run_uc)
    copy = ("image", "copy", "oci:images:app:1.0", "oci:disk/copied:app:1.0", "--json")
    pack = ("image", "pack", "files", "-t", "app:1.0", "--layout", "disk/packed", "--json")

    for command, target in ((copy, disk.path / "copied"), (pack, disk.path / "packed")):
        disk.fill(left)
        check_error(run_uc(*command))
        assert not list(disk.path.rglob(".uc-*.tmp"))
        if (target / "oci-layout").exists():
            assert json.loads((target / "index.json").read_bytes())["manifests"] == []
        disk.clear()
        assert run_uc(*command).exit_code == 0
        asyncio.run(check_whole(Layout.open(target)))
        disk.clear()
        shutil.rmtree(target)


def test_the_disk_of_sboms_fills_up(run_uc: UcRunner, disk: Disk, key: PublicKey) -> None:
    pack_noise(run_uc)
    variables = {"XDG_CACHE_HOME": str(disk.path), "COSIGN_PASSWORD": ""}
    command = ("image", "sign", "app:1.0", "--layout", "images", "--sbom", "--json")
    for left in (0, 360 * KIB):
        disk.fill(left)
        result = run_uc(*command, env=variables)
        assert result.exit_code == 3, result.stdout + result.stderr
        [failure] = result.json["data"]["failures"]
        assert failure["code"] == "environment"
        assert "No space left" in failure["message"] or "no room for syft" in failure["message"]
        disk.clear()

    done = run_uc(*command, env=variables)

    assert done.exit_code == 0, done.stdout + done.stderr
    assert done.json["data"]["images"][0]["sboms"] == 1
    assert not list(disk.path.rglob("work-*"))


@pytest.mark.parametrize("left", [0, 3, 20])
def test_no_more_files_fit_on_a_disk(run_uc: UcRunner, disk: Disk, key: PublicKey, left: int) -> None:
    make_images(disk.path / "images")
    disk.fill_with_files(left)

    check_error(sign(run_uc, "disk/images"))

    asyncio.run(check_whole(Layout.open(disk.path / "images")))
    disk.clear()
    assert sign(run_uc, "disk/images").exit_code == 0
    check_all_signed(run_uc, disk.path / "images", key)


def test_what_can_only_be_read_is_verified_and_not_signed(run_uc: UcRunner, disk: Disk, key: PublicKey) -> None:
    make_images(disk.path / "images")
    assert run_uc("image", "sign", "app:0", "--layout", "disk/images", env={"COSIGN_PASSWORD": ""}).exit_code == 0
    disk.allow_writing(False)

    verified = run_uc("image", "verify", "app:0", "--layout", "disk/images", "--key", "cosign.pub")
    signed = sign(run_uc, "disk/images")

    assert verified.exit_code == 0, verified.stderr
    assert signed.exit_code == 3, signed.stdout + signed.stderr
    failures = signed.json["data"]["failures"]
    assert len(failures) == IMAGES - 1
    assert all("Read-only file system" in failure["message"] for failure in failures)
    disk.allow_writing(True)
    assert sign(run_uc, "disk/images").exit_code == 0
    check_all_signed(run_uc, disk.path / "images", key)


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"])
@pytest.mark.parametrize("full", [False, True])
def test_a_folder_of_ours_cannot_be_written_at_all(
    run_uc: UcRunner, disk: Disk, key: PublicKey, variable: str, full: bool
) -> None:
    """Nothing is signed then: no run begins that could not say what it did."""
    make_images(run_uc.folder / "images")
    if full:
        disk.fill_with_files(0)
    else:
        disk.allow_writing(False)

    result = sign(run_uc, "images", **{variable: str(disk.path)})

    if variable == "XDG_CACHE_HOME":  # only SBOMs need it
        assert result.exit_code == 0
        return
    assert result.exit_code == (3 if full else 2), result.stdout + result.stderr
    words = ("No space left", "no room left") if full else ("Read-only file system",)
    assert any(word in result.json["error"]["message"] for word in words)
    assert not [name for name in asyncio.run(names(run_uc.folder / "images")) if name.startswith("sha256-")]


async def names(path: Path) -> list[str]:
    return [name async for name in Layout.open(path).names()]
