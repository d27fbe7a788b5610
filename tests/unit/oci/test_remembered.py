from pathlib import Path

import pytest
from tests.support.images import push_image
from tests.support.signatures import FailingLayout

from undercurrent.errors import NotFound, Unreachable
from undercurrent.oci import remembered
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.remembered import Remembered
from undercurrent.oci.store import read_blob


async def test_each_thing_is_asked_for_once(tmp_path: Path) -> None:
    layout = FailingLayout(Layout.open(tmp_path / "images", create=True), lambda _method, _about: None)
    pushed = await push_image(layout, {"a": b"b"}, "app:1.0")
    layout.calls.clear()
    store = Remembered(layout)

    for _time in range(3):
        manifest = await store.manifest(await store.resolve("app:1.0"))
        assert isinstance(manifest, Manifest)
        assert manifest.raw == pushed.raw
        assert await store.referrers(manifest.digest) == ()
        assert await read_blob(store, manifest.config, 10_000)
    assert [name async for name in store.names()] == ["app:1.0"]
    assert store.label == layout.label

    assert [method for method, _about in layout.calls] == ["resolve", "manifest", "referrers", "blob"]


async def test_errors_are_remembered_too(tmp_path: Path) -> None:
    layout = FailingLayout(
        Layout.open(tmp_path / "images", create=True),
        lambda method, _about: Unreachable("no") if method == "resolve" else None,
    )
    store = Remembered(layout)

    for _time in range(3):
        with pytest.raises(Unreachable):
            await store.resolve("app:1.0")

    assert len(layout.calls) == 1


async def test_what_is_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = FailingLayout(Layout.open(tmp_path / "images", create=True), lambda _method, _about: None)
    pushed = await push_image(layout, {"a": b"b"}, "app:1.0")
    monkeypatch.setattr(remembered, "MAX_REMEMBERED", pushed.config.size - 1)
    store = Remembered(layout)
    layout.calls.clear()

    assert await read_blob(store, pushed.config, 10_000) == await read_blob(store, pushed.config, 10_000)

    assert len(layout.calls) == 2
    with pytest.raises(NotFound):
        await store.resolve("nothing:1.0")
