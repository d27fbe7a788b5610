"""A run over a hundred images that is killed, or interrupted, again and again: all are signed once in the end."""

import asyncio
import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from tests.support.cli import UcRunner
from tests.support.images import push_image
from tests.support.killing import check_evidence, finish, journaled, kill_again_and_again, start, wait_until

from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.store import is_derived
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, PublicKey, write_key_pair

IMAGES: Final = 100
KILLS: Final = 20
COMMAND: Final = ("image", "sign", "--all", "--layout", "images", "--json")


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layout with a hundred images, each another one."""
    path = tmp_path_factory.mktemp("hundred") / "images"

    async def make() -> None:
        layout = Layout.open(path, create=True)
        for number in range(IMAGES):
            await push_image(layout, {"number": str(number).encode()}, f"app-{number:03}:1.0")

    asyncio.run(make())
    return path


@pytest.fixture
def key(run_uc: UcRunner, hundred: Path) -> PublicKey:
    """The key that signs, in the folder of the run; the images are there too."""
    shutil.copytree(hundred, run_uc.folder / "images")
    made = PrivateKey.generate()
    write_key_pair(made, run_uc.folder / "cosign.key", b"")
    return made.public


async def check_signatures(path: Path, key: PublicKey) -> None:
    """Every image is signed once in each format, by this key, and nothing else hangs on it."""
    layout = Layout.open(path)
    names = [name async for name in layout.names()]
    images = [Image(layout, name, await layout.resolve(name)) for name in names if not is_derived(name)]
    assert len(images) == IMAGES
    for image in images:
        hanging = await attached(image, trust=Trust((key,)))
        assert Counter(item.format for item in hanging.attachments) == {Format.BUNDLE: 1, Format.LEGACY: 1}, image.name
        assert all(item.check and item.check.accepted for item in hanging.attachments), image.name


def check_files(path: Path) -> None:
    """Nothing is half there: what killed writers left goes once it is old; blobs are whole."""
    for left in path.glob(".uc-*.tmp"):
        os.utime(left, (0, 0))
    Layout.open(path)
    blobs = path / "blobs" / "sha256"
    assert {item.name for item in path.iterdir()} == {"oci-layout", "index.json", "blobs", ".uc-lock"}
    for blob in blobs.iterdir():
        assert Digest.of(blob.read_bytes()).encoded == blob.name
    entries = json.loads((path / "index.json").read_bytes())["manifests"]
    assert len({json.dumps(entry, sort_keys=True) for entry in entries}) == len(entries) == 3 * IMAGES


def test_killed_twenty_times_every_image_is_signed_exactly_once(run_uc: UcRunner, key: PublicKey) -> None:
    done = kill_again_and_again(run_uc, COMMAND, images=IMAGES, kills=KILLS)

    result = finish(run_uc, COMMAND, IMAGES)

    assert result.json["data"]["resumed"] == done
    assert "going on where the last run stopped" in result.stderr
    asyncio.run(check_signatures(run_uc.folder / "images", key))
    check_files(run_uc.folder / "images")
    check_evidence(run_uc, IMAGES)
    changed = [image["changed"] for image in finish(run_uc, COMMAND, IMAGES).json["data"]["images"]]
    assert changed == [False] * IMAGES


def test_interrupted_it_finishes_what_is_under_way_and_says_how_to_go_on(run_uc: UcRunner, key: PublicKey) -> None:
    with start(run_uc, COMMAND) as process:
        wait_until(lambda: journaled(run_uc) >= 1, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    done = journaled(run_uc)
    assert process.returncode == 130, err
    assert 1 <= done < IMAGES
    assert f"stopped before the end; {done} done, 0 failed" in err
    assert "run the same command again to go on" in err
    assert "Traceback" not in err
    assert json.loads(out)["error"]["code"] == "interrupted"

    assert finish(run_uc, COMMAND, IMAGES).json["data"]["resumed"] == done
    asyncio.run(check_signatures(run_uc.folder / "images", key))
