"""What is not protected: docs/threat-model.md says so, and here it is seen to speak the truth."""

import json
import sqlite3
from pathlib import Path

import pytest
from tests.support.evidence import make_record
from tests.support.images import push_image

from undercurrent import settings
from undercurrent.evidence import open_store
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation

APP = "registry.example/acme/app:1.0"


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "images", create=True)


async def signed(layout: Layout, key: PrivateKey, name: str, content: bytes) -> Image:
    manifest = await push_image(layout, {"etc/motd": content}, name)
    image = Image(layout, name, manifest.descriptor)
    await sign(image, KeySignatory(key))
    return image


def forget(layout: Layout, *digests: Digest) -> None:
    """Takes entries out of the listing, as whoever owns a registry can."""
    index = layout.path / "index.json"
    document = json.loads(index.read_bytes())
    document["manifests"] = [entry for entry in document["manifests"] if entry["digest"] not in digests]
    index.write_text(json.dumps(document))


async def test_an_older_image_that_is_signed_verifies_under_a_tag_that_was_moved_back(
    layout: Layout, key: PrivateKey
) -> None:
    old = await signed(layout, key, APP, b"with a hole")
    await signed(layout, key, "registry.example/acme/app:2.0", b"mended")
    await layout.push_manifest(await old.manifest(), "registry.example/acme/app:2.0")

    moved = Image(layout, "app:2.0", await layout.resolve("registry.example/acme/app:2.0"))

    assert moved.digest == old.digest
    assert (await verify(moved, Trust((key.public,)))).verdict is Verdict.VERIFIED


async def test_a_signed_image_verifies_under_any_other_name(layout: Layout, key: PrivateKey) -> None:
    image = await signed(layout, key, APP, b"hello")
    await layout.push_manifest(await image.manifest(), "registry.example/payments/api:1.0")

    renamed = Image(layout, "payments/api:1.0", await layout.resolve("registry.example/payments/api:1.0"))

    found = await verify(renamed, Trust((key.public,)))
    assert found.verdict is Verdict.VERIFIED
    # Who wants to know is told: the name that was signed is in the legacy signature's check.
    assert {check.reference for check in found.checks if check.format is Format.LEGACY} == {"registry.example/acme/app"}


async def test_a_signature_that_is_taken_away_leaves_the_image_unsigned_and_not_verified(
    layout: Layout, key: PrivateKey
) -> None:
    image = await signed(layout, key, APP, b"hello")
    forget(layout, *(referrer.digest for referrer in await layout.referrers(image.digest)))
    await layout.delete_name(f"sha256-{image.digest.encoded}.sig")

    again = Layout.open(layout.path)

    found = await verify(Image(again, APP, image.descriptor), Trust((key.public,)))
    assert found.verdict is Verdict.UNSIGNED


async def test_of_two_attestations_the_newer_one_can_be_hidden(layout: Layout, key: PrivateKey) -> None:
    image, signatory = await signed(layout, key, APP, b"hello"), KeySignatory(key)
    await attest(image, b'{"found":[]}', "vuln", signatory, formats=(Format.BUNDLE,))
    known = {referrer.digest for referrer in await layout.referrers(image.digest)}
    await attest(image, b'{"found":["CVE"]}', "vuln", signatory, formats=(Format.BUNDLE,))
    newer = {referrer.digest for referrer in await layout.referrers(image.digest)} - known
    forget(layout, *newer)

    found = await verify_attestation(
        Image(Layout.open(layout.path), APP, image.descriptor), "vuln", Trust((key.public,))
    )

    assert found.verdict is Verdict.VERIFIED
    assert [statement.predicate for statement in found.statements] == [{"found": []}]


async def test_a_stolen_key_signs_what_its_thief_likes_until_nobody_names_it(layout: Layout, key: PrivateKey) -> None:
    image = await signed(layout, key, APP, b"of the thief")
    other = PrivateKey.generate()

    assert (await verify(image, Trust((key.public, other.public)))).verdict is Verdict.VERIFIED
    assert (await verify(image, Trust((other.public,)))).verdict is Verdict.UNTRUSTED


def test_a_folder_names_whom_to_trust(tmp_path: Path) -> None:
    """As a Makefile says what runs: do not verify in a folder that somebody else fills."""
    (tmp_path / "undercurrent.toml").write_text(
        '[signing]\npublic_keys = ["mine.pub"]\n[net]\nplain_http = ["r.example"]\n'
    )

    loaded = settings.load(environ={}, directory=tmp_path).settings

    assert loaded.signing.public_keys == (str(tmp_path / "mine.pub"),)
    assert loaded.net.plain_http == ("r.example",)


def test_evidence_is_a_record_and_no_proof(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        store.record(make_record(1, outcome="untrusted"))
    with sqlite3.connect(tmp_path / "evidence.db") as database:
        database.execute("UPDATE evidence_record SET outcome = 'verified'")
    database.close()
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        assert [record.outcome for record in store.query()] == ["verified"]
