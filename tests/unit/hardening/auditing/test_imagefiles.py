"""What a built image says of how it runs, read out of its configuration and the headers of its layers."""

import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.support.images import entry, layer_of, push_layers

from undercurrent.errors import BadContent, Unsupported
from undercurrent.hardening.auditing.imagefiles import inspect
from undercurrent.hardening.rules import BUILT_CHECKS
from undercurrent.hardening.rules.built import BuiltImage, SpecialFile
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import build_manifest
from undercurrent.oci.store import content_of


async def inspected(folder: Path, config: Any, *layers: bytes) -> BuiltImage:
    (found,) = await inspect(await push_layers(folder, config, *layers))
    return found


def codes(image: BuiltImage) -> set[str]:
    return {finding.rule.code for check in BUILT_CHECKS for finding in check(image)}


async def test_a_configuration(tmp_path: Path) -> None:
    config = {
        "User": "app",
        "ExposedPorts": {"80/tcp": {}, "8125/udp": {}, "x": {}},
        "Env": ["PATH=/bin", "API_TOKEN=1f", "TOKEN_FILE=/run/secrets/x"],
        "Entrypoint": ["/sbin/tini", "--"],
        "Cmd": ["gosu", "app", "/app"],
        "Healthcheck": {"Test": ["NONE"]},
    }
    passwd = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"

    found = await inspected(tmp_path, config, layer_of([entry("./etc/passwd", passwd)]))

    assert (found.user, found.uid, found.is_root) == ("app", 1000, False)
    assert found.ports == ((80, "tcp"), (8125, "udp"))
    assert found.command == ("/sbin/tini", "--", "gosu", "app", "/app")
    assert not found.healthcheck
    assert codes(found) == {"UC103", "UC108", "UC117", "UC118", "UC120"}


@pytest.mark.parametrize(
    ("user", "root"),
    [("", True), ("0", True), ("0:0", True), ("root", True), ("toor", True), ("000", True), ("10001", False)],
)
async def test_root_has_many_names(tmp_path: Path, user: str, root: bool) -> None:
    passwd = layer_of([entry("etc/passwd", b"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")])

    found = await inspected(tmp_path, {"User": user}, passwd)

    assert found.is_root is root
    assert ("UC101" in codes(found)) is root


async def test_files_that_give_rights_as_the_layers_leave_them(tmp_path: Path) -> None:
    capability = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02"}
    below = layer_of(
        [
            entry("usr/bin/su", mode=0o4755),
            entry("usr/bin/same", type=tarfile.LNKTYPE, linkname="usr/bin/su"),
            entry("usr/bin/wall", mode=0o2755),
            entry("usr/bin/locked", mode=0o2644),
            entry("usr/bin/gone", mode=0o4755),
            entry("usr/bin/mended", mode=0o4755),
            entry("opt/a/suid", mode=0o4755),
            entry("opt/b/suid", mode=0o4755),
            entry("folder", type=tarfile.DIRTYPE, mode=0o2775),
            entry("usr/bin/ping", mode=0o755, pax_headers=capability),
        ]
    )
    above = layer_of(
        [
            entry("usr/bin/.wh.gone"),
            entry("usr/bin/mended", mode=0o755),
            entry("opt/.wh.a"),
            entry("opt/b/.wh..wh..opq"),
            entry("opt/b/new", mode=0o6755),
        ]
    )

    found = await inspected(tmp_path, {"User": "10001"}, below, above)

    assert found.files == (
        SpecialFile("/opt/b/new", suid=True, sgid=True),
        SpecialFile("/usr/bin/ping", capabilities=True),
        SpecialFile("/usr/bin/same", suid=True),
        SpecialFile("/usr/bin/su", suid=True),
        SpecialFile("/usr/bin/wall", sgid=True),
    )
    assert codes(found) == {"UC110", "UC111"}


async def test_what_is_no_container_image_is_refused(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    raw = b"{}"
    await layout.push_blob(Descriptor.of(raw, "application/x"), content_of(raw))
    manifest = build_manifest(Descriptor.of(raw, "application/x"), [])
    await layout.push_manifest(manifest, "x")

    with pytest.raises(Unsupported, match="holds no container image"):
        await inspect(Image(layout, "x", manifest.descriptor))


async def test_a_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match="its configuration is not valid"):
        await inspected(tmp_path, ["User"])


async def test_values_of_wrong_types_are_not_there(tmp_path: Path) -> None:
    config = {"User": 5, "ExposedPorts": [80], "Env": "A=b", "Entrypoint": "x", "Cmd": [1], "Healthcheck": "x"}

    found = await inspected(tmp_path, config)

    assert (found.user, found.ports, found.environment, found.command) == ("", (), (), ("",))
    assert found.is_root
