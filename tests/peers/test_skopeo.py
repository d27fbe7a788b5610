"""Images go from uc to skopeo and back through real registries, and uc says what skopeo left behind."""

import subprocess
from pathlib import Path

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer

from undercurrent.oci.copying import copy
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.store import WritableStore
from undercurrent.oci.stores import Stores
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.attached import Attached, Kind, attached
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify

KEY = PrivateKey.generate()
TRUST = Trust((KEY.public,))


def skopeo(*arguments: str | Path) -> str:
    command = [require_peer("skopeo"), "--insecure-policy", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def skopeo_copy(source: str, target: str, *options: str) -> None:
    skopeo(*options, "copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", source, target)


async def push(store: WritableStore, name: str) -> None:
    one = {
        platform: await push_image(store, {"motd": str(platform).encode()}, platform=platform)
        for platform in (AMD64, ARM64)
    }
    await push_index(store, one, name)


@pytest.fixture
async def signed(registry_server: RegistryServer, repository_name: str, stores: Stores) -> Image:
    """An index in a registry, signed and attested in both formats, and so are its images."""
    name = f"{registry_server.host}/{repository_name}:1.0"
    await push(stores.repository(Reference.parse(name)), "1.0")
    image = await stores.image(name)
    await sign(image, KeySignatory(KEY), recursive=True)
    await attest(image, b'{"spdxVersion": "SPDX-2.3"}', "spdxjson", KeySignatory(KEY))
    return image


def kinds(found: Attached) -> set[tuple[Kind, Format | None]]:
    return {(attachment.kind, attachment.format) for attachment in found.attachments}


EVERYTHING = {(kind, form) for kind in (Kind.SIGNATURE, Kind.ATTESTATION) for form in (Format.LEGACY, Format.BUNDLE)}


async def test_skopeo_takes_what_uc_pushed(
    registry_server: RegistryServer, repository_name: str, stores: Stores, tmp_path: Path
) -> None:
    layout = Layout.open(tmp_path / "ours", create=True)
    await push(layout, "app:1.0")
    image = Image(layout, "app:1.0", await layout.resolve("app:1.0"))
    name = f"{registry_server.host}/{repository_name}:1.0"
    await copy(image, stores.repository(Reference.parse(name)), "1.0")
    skopeo_copy(f"docker://{name}", f"oci:{tmp_path / 'theirs'}:app:1.0")
    assert (await Layout.open(tmp_path / "theirs").resolve("app:1.0")).digest == image.digest


async def test_uc_takes_what_skopeo_pushed(
    registry_server: RegistryServer, repository_name: str, stores: Stores, tmp_path: Path
) -> None:
    layout = Layout.open(tmp_path / "ours", create=True)
    await push(layout, "app:1.0")
    name = f"{registry_server.host}/{repository_name}:1.0"
    skopeo_copy(f"oci:{layout.path}:app:1.0", f"docker://{name}")
    image = await stores.image(name)
    back = Layout.open(tmp_path / "back", create=True)
    assert (await copy(image, back, "app:1.0")).digest == (await layout.resolve("app:1.0")).digest
    assert len(await Image(back, "app:1.0", await back.resolve("app:1.0")).platforms()) == 2


async def test_uc_carries_all_that_hangs_on_an_image(
    signed: Image, with_referrers: RegistryServer, repository_name: str, stores: Stores, tmp_path: Path
) -> None:
    layout = Layout.open(tmp_path / "layout", create=True)
    await copy(signed, layout, "app:1.0", referrers=True)
    carried = Image(layout, "app:1.0", await layout.resolve("app:1.0"))
    name = f"{with_referrers.host}/{repository_name}-again:1.0"
    await copy(carried, stores.repository(Reference.parse(name)), "1.0", referrers=True)
    for image in (signed, carried, await stores.image(name)):
        found = await verify(image, TRUST, recursive=True)
        assert (found.verdict, len(found.formats)) == (Verdict.VERIFIED, 2)
        assert kinds(await attached(image)) == EVERYTHING


async def test_skopeo_leaves_signatures_behind_and_uc_says_so(
    signed: Image, distribution3: RegistryServer, repository_name: str, stores: Stores
) -> None:
    name = f"{distribution3.host}/{repository_name}-again:1.0"
    skopeo_copy(f"docker://{signed.name}", f"docker://{name}")
    image = await stores.image(name)
    assert image.digest == signed.digest
    assert (await verify(image, TRUST)).verdict is Verdict.UNSIGNED
    assert kinds(await attached(image)) == set()


async def test_skopeo_carries_legacy_signatures_where_it_is_told_to(
    signed: Image, distribution3: RegistryServer, repository_name: str, stores: Stores, tmp_path: Path
) -> None:
    (tmp_path / "registries.d").mkdir()
    (tmp_path / "registries.d" / "all.yaml").write_text("default-docker:\n  use-sigstore-attachments: true\n")
    name = f"{distribution3.host}/{repository_name}-again:1.0"
    told = ("--registries.d", str(tmp_path / "registries.d"))
    platform = (await signed.platforms())[0]
    skopeo_copy(f"docker://{signed.repository}@{platform.digest}", f"docker://{name}", *told)
    image = await stores.image(name)
    found = await verify(image, TRUST)
    assert (found.verdict, found.formats) == (Verdict.VERIFIED, (Format.LEGACY,))
    assert kinds(await attached(signed)) == EVERYTHING
    assert kinds(await attached(image)) == {(Kind.SIGNATURE, Format.LEGACY)}


async def test_signatures_do_not_survive_a_change_of_format(
    signed: Image, distribution2: RegistryServer, repository_name: str, stores: Stores
) -> None:
    name = f"{distribution2.host}/{repository_name}-docker:1.0"
    command = ("copy", "--format", "v2s2", "--src-tls-verify=false", "--dest-tls-verify=false")
    skopeo(*command, f"docker://{signed.name}", f"docker://{name}")
    image = await stores.image(name)
    assert image.digest != signed.digest
    assert (await verify(image, TRUST)).verdict is Verdict.UNSIGNED
    await sign(image, KeySignatory(KEY))
    assert (await verify(image, TRUST)).verdict is Verdict.VERIFIED
