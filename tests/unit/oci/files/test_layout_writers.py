"""Layouts that several processes write at once, and that lose their writers at any moment."""

import asyncio
import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from undercurrent.errors import EnvironmentLacks, NotFound
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.durable import locked_briefly
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.files.layoutindex import LayoutIndex
from undercurrent.oci.manifest import Manifest, build_manifest
from undercurrent.oci.store import content_of, read_blob

WRITER = """
import asyncio, sys
from pathlib import Path
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, build_manifest
from undercurrent.oci.store import content_of

path, writer, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    layout = Layout.open(path, create=True)
    print("ready", flush=True)
    for number in range(count):
        content = f"{writer} {number} ".encode() * 20_000
        layer = Descriptor.of(content, "text/plain")
        await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
        await layout.push_blob(layer, content_of(content))
        manifest = build_manifest(EMPTY, [layer])
        await layout.push_manifest(manifest, f"{writer}:{number}")
        referrer = build_manifest(EMPTY, [], artifact_type="test/signature", subject=manifest.descriptor)
        await layout.push_manifest(referrer)

asyncio.run(main())
"""


def start(path: Path, writer: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), writer, str(count)], stdout=subprocess.PIPE)


async def check(layout: Layout) -> set[str]:
    """All that is listed is there, whole; its names."""
    names = {name async for name in layout.names()}
    for name in names:
        manifest = await layout.manifest(await layout.resolve(name))
        assert isinstance(manifest, Manifest)
        for blob in (manifest.config, *manifest.layers):
            await read_blob(layout, blob, 2**20)
        for referrer in await layout.referrers(manifest.digest):
            await layout.manifest(referrer)
    return names


async def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    writers = [start(tmp_path / "images", name, 25) for name in "abcd"]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    layout = Layout.open(tmp_path / "images")
    assert await check(layout) == {f"{name}:{number}" for name in "abcd" for number in range(25)}
    for name in "abcd":
        assert len(await layout.referrers((await layout.resolve(f"{name}:3")).digest)) == 1


@pytest.mark.parametrize("seed", range(6))
async def test_a_writer_that_is_killed_leaves_a_layout_that_opens(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "images", random.Random(seed)  # noqa: S311 - a choice of moments
    survivor = start(path, "survivor", 15)
    with start(path, "victim", 1000) as victim:
        if seed:  # else at its very beginning, while the layout is made
            assert victim.stdout
            victim.stdout.readline()
        time.sleep(chance.uniform(0, 0.3))
        victim.send_signal(signal.SIGKILL)
    survivor.communicate()
    assert survivor.returncode == 0
    layout = Layout.open(path)
    names = await check(layout)
    assert {name for name in names if name.startswith("survivor")} == {f"survivor:{number}" for number in range(15)}
    for left in path.glob(".uc-*.tmp"):
        os.utime(left, (0, 0))
    await check(Layout.open(path, create=True))
    assert not list(path.glob(".uc-*.tmp"))
    sizes = {item.name: item.stat().st_size for item in (path / "blobs" / "sha256").iterdir()}
    again = start(path, "victim", 5)
    again.communicate()
    assert {f"victim:{number}" for number in range(5)} <= await check(Layout.open(path))
    assert sizes.items() <= {item.name: item.stat().st_size for item in (path / "blobs" / "sha256").iterdir()}.items()


async def test_thousands_of_entries_are_written_together_and_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    real = LayoutIndex.parse

    def parse(raw: bytes, what: str) -> LayoutIndex:
        parsed.append(what)
        return real(raw, what)

    monkeypatch.setattr(LayoutIndex, "parse", parse)
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")
    await layout.push_blob(blob, content_of(b"{}"))
    manifests = [build_manifest(blob, [], annotations={"number": str(number)}) for number in range(1000)]
    async with asyncio.TaskGroup() as tasks:
        for number, manifest in enumerate(manifests):
            tasks.create_task(layout.push_manifest(manifest, f"app:{number}"))
            signature = build_manifest(blob, [], artifact_type="test/s", subject=manifest.descriptor)
            tasks.create_task(layout.push_manifest(signature))
    assert len(parsed) == 1
    again = Layout.open(layout.path)
    for number, manifest in enumerate(manifests):
        assert (await again.resolve(f"app:{number}")).digest == manifest.digest
        assert len(await again.referrers(manifest.digest)) == 1
    assert len(parsed) == 2


async def test_a_change_that_is_cancelled_is_not_made_later(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")
    await layout.push_blob(blob, content_of(b"{}"))
    with locked_briefly(layout.path / ".uc-lock"), pytest.raises(TimeoutError):
        await asyncio.wait_for(layout.push_manifest(build_manifest(blob, []), "cancelled"), 0.05)
    await layout.push_manifest(build_manifest(blob, []), "later")
    assert [name async for name in layout.names()] == ["later"]


async def test_one_change_that_fails_does_not_harm_the_others(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")
    await layout.push_blob(blob, content_of(b"{}"))
    outcomes = await asyncio.gather(
        layout.push_manifest(build_manifest(blob, []), "one"),
        layout.delete_name("nothing"),
        layout.push_manifest(build_manifest(blob, []), "two"),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), NotFound, type(None)]
    assert [name async for name in layout.names()] == ["one", "two"]


async def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("undercurrent.oci.files.durable.os.fsync", full)
        with pytest.raises(EnvironmentLacks, match="cannot be written: No space left on device"):
            await layout.push_blob(blob, content_of(b"{}"))
    assert not await layout.has(blob)
    assert not list(layout.path.glob(".uc-*.tmp"))
    await layout.push_blob(blob, content_of(b"{}"))
    with monkeypatch.context() as patched:
        patched.setattr("undercurrent.oci.files.durable.os.fsync", full)
        with pytest.raises(EnvironmentLacks):
            await layout.push_manifest(build_manifest(blob, []), "app")
    assert [name async for name in Layout.open(layout.path).names()] == []
    await layout.push_manifest(build_manifest(blob, []), "app")
    assert [name async for name in layout.names()] == ["app"]
