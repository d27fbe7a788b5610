"""The passwd and group files of an image, as its layers leave them."""

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.images import entry, layer_of, push_layers

from undercurrent.errors import TooLarge, Unsupported
from undercurrent.hardening import accountfiles
from undercurrent.hardening.accountfiles import account_files
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Manifest

ONE, TWO = b"root:x:0:0::/:/bin/sh\n", b"app:x:5:5::/:/bin/sh\n"
BELOW = layer_of([entry("etc/passwd", ONE), entry("etc/group", b"staff:x:50:\n")])


async def found(folder: Path, *layers: bytes) -> tuple[str, str]:
    image = await push_layers(folder, {}, *layers)
    manifest = await image.manifest()
    assert isinstance(manifest, Manifest)
    return await account_files(image, manifest)


@pytest.mark.parametrize(
    ("above", "passwd", "group"),
    [
        ([], ONE, b"staff:x:50:\n"),
        ([entry("./etc/passwd", TWO)], TWO, b"staff:x:50:\n"),
        ([entry("etc/.wh.passwd")], b"", b"staff:x:50:\n"),
        ([entry("etc/passwd", TWO), entry("etc/.wh.passwd")], TWO, b"staff:x:50:\n"),
        ([entry("etc/.wh..wh..opq"), entry("etc/group", b"a:x:1:\n")], b"", b"a:x:1:\n"),
        ([entry(".wh.etc")], b"", b""),
        ([entry(".wh..wh..opq"), entry("etc", type=tarfile.DIRTYPE)], b"", b""),
        ([entry("usr/etc/passwd", TWO), entry("etc/passwd-", TWO), entry("etc/.wh.shadow")], ONE, b"staff:x:50:\n"),
    ],
)
async def test_upper_layers_count(tmp_path: Path, above: list[object], passwd: bytes, group: bytes) -> None:
    assert await found(tmp_path, BELOW, layer_of(above)) == (passwd.decode(), group.decode())  # type: ignore[arg-type]


async def test_no_more_layers_are_read_than_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Descriptor] = []
    blob = Layout.blob

    async def noted(self: Layout, descriptor: Descriptor) -> AsyncIterator[bytes]:
        read.append(descriptor)
        async for piece in blob(self, descriptor):
            yield piece

    monkeypatch.setattr(Layout, "blob", noted)
    large = layer_of([entry("data", b"x" * 100_000)])

    await found(tmp_path, large, BELOW, layer_of([entry("app", b"")]))

    assert len(read) == 2


@pytest.mark.parametrize(
    "above",
    [
        entry("etc/passwd", type=tarfile.SYMTYPE, linkname="/data/passwd"),
        entry("etc", type=tarfile.SYMTYPE, linkname="usr/etc"),
    ],
)
async def test_a_link_is_not_followed(tmp_path: Path, above: object) -> None:
    with pytest.raises(Unsupported, match="is a link"):
        await found(tmp_path, BELOW, layer_of([above]))  # type: ignore[list-item]


async def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge, match="/etc/passwd is larger"):
        await found(tmp_path, layer_of([entry("etc/passwd", b"a" * 300_000)]))
    monkeypatch.setattr(accountfiles, "_MOST", 1024)
    with pytest.raises(TooLarge, match="the accounts are not in the topmost"):
        await found(tmp_path / "b", BELOW, layer_of([entry("data", bytes(range(256)) * 400)]), *[layer_of([])] * 20)
