"""``uc key rotate`` with images: what the old key signed is signed again, once, and nothing else is."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.background import in_background
from tests.support.cli import Result, UcRunner
from tests.support.estate import PASSWORD, SIGNED, STRANGE, TWO_PLATFORMS, UNSIGNED, Estate
from tests.support.images import push_image
from tests.support.killing import finish, kill_again_and_again
from tests.support.registry import FakeRegistry, Fault

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.store import is_derived
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, PublicKey, load_public, load_signer, write_key_pair
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory

NEW: Final = {"COSIGN_PASSWORD": "new"}
OLD: Final = {"COSIGN_PASSWORD": PASSWORD}
ALL: Final = ("--all", "--layout", "images")


@pytest.fixture
def rotate(run_uc: UcRunner, estate: Estate) -> "Rotate":
    return Rotate(run_uc)


class Rotate:
    """Rotates the estate's ``cosign.key``, and verifies with the keys that there are."""

    def __init__(self, runner: UcRunner) -> None:
        self.uc = runner

    def __call__(self, *arguments: str, **environ: str) -> Result:
        return self.uc("key", "rotate", *arguments, "--json", env={**NEW, **environ})

    @property
    def old(self) -> Path:
        """The public key that was replaced."""
        (kept,) = self.uc.folder.glob("cosign-*.pub")
        return kept

    def verified(self, name: str, key: str | Path) -> bool:
        done = self.uc("image", "verify", name, "--layout", "images", "--key", key)
        return done.exit_code == 0


def images(result: Result) -> dict[str, Any]:
    assert result.stdout, result.stderr
    return {image["name"]: image for image in result.json["data"]["images"]}


def test_what_the_old_key_signed_is_signed_again_and_nothing_else(rotate: Rotate) -> None:
    done = rotate(*ALL)

    found = images(done)
    assert done.exit_code == 0, done.stderr
    assert (found[SIGNED]["found"], found[SIGNED]["added"], found[SIGNED]["untouched"]) == (1, 1, "")
    assert [found[name]["found"] for name in (UNSIGNED, STRANGE, TWO_PLATFORMS)] == [0, 0, 0]
    assert found[UNSIGNED]["untouched"] == "it has no signature"
    assert "which is not trusted" in found[STRANGE]["untouched"]
    assert [rotate.verified(SIGNED, key) for key in ("cosign.pub", rotate.old)] == [True, True]
    assert not any(rotate.verified(name, "cosign.pub") for name in (UNSIGNED, STRANGE))
    until = datetime.fromisoformat(done.json["data"]["until"])
    assert timedelta(days=29) < until - datetime.now(UTC) < timedelta(days=31)


def test_again_it_finds_everything_done_and_makes_no_other_key(rotate: Rotate) -> None:
    first = rotate(*ALL)
    key = (rotate.uc.folder / "cosign.pub").read_text()
    again = rotate(*ALL)

    assert (first.json["data"]["made"], again.json["data"]["made"]) == (True, False)
    assert (rotate.uc.folder / "cosign.pub").read_text() == key
    assert (images(again)[SIGNED]["found"], images(again)[SIGNED]["added"]) == (1, 0)
    assert "makes no other key" in again.stderr
    other = rotate(*ALL, "--again")
    assert other.json["data"]["old"] == first.json["data"]["fingerprint"]


def test_a_dry_run_shows_it_and_leaves_nothing(rotate: Rotate) -> None:
    before = {path: path.read_bytes() for path in sorted(rotate.uc.folder.rglob("*")) if path.is_file()}
    planned = rotate(*ALL, "--dry-run")

    assert {path: path.read_bytes() for path in sorted(rotate.uc.folder.rglob("*")) if path.is_file()} == before
    assert images(planned)[SIGNED]["added"] == 1
    assert not (rotate.uc.home / ".local").exists()
    done = rotate(*ALL)
    assert [image["found"] for image in images(done).values()] == [image["found"] for image in images(planned).values()]


def test_annotations_platforms_and_attestations_are_kept(rotate: Rotate) -> None:
    uc = rotate.uc
    (uc.folder / "vuln.json").write_text('{"scanner": {"uri": "https://a.test"}}')
    place = ("--layout", "images")
    uc("image", "sign", TWO_PLATFORMS, *place, "-a", "team=red", "--recursive", env=OLD)
    uc("image", "sign", TWO_PLATFORMS, *place, "-a", "team=blue", "--format", "bundle", env=OLD)
    uc("image", "attest", TWO_PLATFORMS, *place, "--type", "vuln", "--predicate", "vuln.json", env=OLD)

    done = rotate("--image", TWO_PLATFORMS, *place)

    image = images(done)[TWO_PLATFORMS]
    assert (image["found"], image["added"]) == (5, 5), done.stderr
    verify = ("image", "verify", TWO_PLATFORMS, *place, "--key", "cosign.pub")
    for team in ("red", "blue"):
        assert uc(*verify, "-a", f"team={team}").exit_code == 0
    assert uc(*verify, "-a", "team=red", "--recursive").exit_code == 0
    tree = uc("image", "tree", TWO_PLATFORMS, *place, "--key", "cosign.pub").stdout
    assert tree.count("✓ attestation vuln") == 2


def test_when_the_grace_is_over_the_old_key_is_not_trusted_any_more(rotate: Rotate) -> None:
    leaked = rotate(*ALL, "--grace", "0")
    ended = rotate("--grace", "0")
    both = rotate.uc("image", "verify", SIGNED, "--layout", "images", "--key", "cosign.pub", "--key", rotate.old)

    assert leaked.exit_code == 2
    assert "the old key proves nothing" in leaked.stderr
    assert ended.exit_code == 0, ended.stderr
    assert both.exit_code == 1
    assert "was replaced, and has not been trusted since" in both.stderr
    assert not rotate.verified(SIGNED, rotate.old)


def test_of_a_leaked_key_only_what_evidence_knows_is_signed_again(rotate: Rotate) -> None:
    rotate.uc("image", "sign", UNSIGNED, "--layout", "images", env=OLD)  # SIGNED was signed elsewhere

    done = rotate(*ALL, "--grace", "0", "--recorded")

    found = images(done)
    assert found[UNSIGNED]["added"] == 1, done.stderr
    assert found[SIGNED]["untouched"] == "evidence does not say that the old key signed it"
    assert rotate.verified(UNSIGNED, "cosign.pub")
    assert not rotate.verified(SIGNED, "cosign.pub")


def test_of_a_leaked_key_it_goes_on_where_the_old_one_is_named(rotate: Rotate) -> None:
    rotate.uc("image", "sign", UNSIGNED, TWO_PLATFORMS, "--layout", "images", env=OLD)
    rotate("--image", UNSIGNED, "--layout", "images", "--grace", "0", "--recorded")
    old = rotate.old

    done = rotate("cosign.key", "--from", old.name, *ALL, "--recorded")

    assert [images(done)[name]["found"] for name in (UNSIGNED, TWO_PLATFORMS)] == [1, 1], done.stderr
    assert [images(done)[name]["added"] for name in (UNSIGNED, TWO_PLATFORMS)] == [0, 1]
    assert rotate.old == old
    assert datetime.fromisoformat(done.json["data"]["until"]) <= datetime.now(UTC)


def test_the_new_key_can_have_been_made_before(rotate: Rotate) -> None:
    rotate.uc("key", "generate", "new.key", env=NEW)
    lone = rotate("new.key", "--from", "cosign.pub")
    before = (rotate.uc.folder / "cosign.pub").read_text()
    planned = rotate("new.key", "--from", "cosign.pub", "--image", SIGNED, "--layout", "images", "--dry-run")
    assert (rotate.uc.folder / "cosign.pub").read_text() == before
    done = rotate("new.key", "--from", "cosign.pub", "--image", SIGNED, "--layout", "images")
    again = rotate("new.key", "--from", "cosign.pub", "--image", SIGNED, "--layout", "images", "--grace", "99d")

    assert lone.exit_code == 2
    assert images(planned)[SIGNED]["added"] == images(done)[SIGNED]["added"] == 1, done.stderr
    assert images(again)[SIGNED]["added"] == 0
    assert not list(rotate.uc.folder.glob("cosign-*"))
    assert [rotate.verified(SIGNED, key) for key in ("new.pub", "cosign.pub")] == [True, True]
    shown = rotate.uc("key", "show", "cosign.pub", "--json").json["data"]
    assert (shown["until"], shown["replaced_by"]) == (again.json["data"]["until"], done.json["data"]["fingerprint"])
    assert again.json["data"]["until"] > done.json["data"]["until"]


def test_what_failed_is_tried_again_and_the_others_are_done_once(rotate: Rotate) -> None:
    uc = rotate.uc
    with in_background(FakeRegistry()) as registry:
        names = [f"{registry.host}/acme/{name}:1.0" for name in ("one", "two")]
        for name in ("one", "two"):
            registry.put_image(f"acme/{name}", "1.0", layers=(name.encode(),))
        signed = uc("image", "sign", *names, env=OLD)
        assert signed.exit_code == 0, signed.stderr
        registry.fail(Fault("PUT|POST", "/acme/two/", status=403, times=None))
        chosen = [item for name in names for item in ("--image", name)]
        first = uc("key", "rotate", *chosen, env=NEW)
        registry.faults.clear()
        second = uc("key", "rotate", *chosen, env=NEW)
        verified = uc("image", "verify", *names, "--key", "cosign.pub")

    assert first.exit_code == 4
    assert "1 image may still verify only with the old key" in first.stdout
    assert "the same command goes on where this one stopped" in first.stdout
    assert first.stdout.splitlines()[-1] == "1 signed again, 0 signed already, 0 left as they are, 1 failed"
    assert second.exit_code == 0, second.stderr
    assert second.stdout.splitlines()[-1] == "1 signed again, 1 signed already, 0 left as they are"
    assert "nothing of this depends on the old key any more" in second.stdout
    assert verified.exit_code == 0, verified.stdout


def test_evidence_knows_of_the_rotation(rotate: Rotate) -> None:
    done = rotate(*ALL).json["data"]

    records = rotate.uc("evidence", "list", "--json").json["data"]["records"]
    (rotated,) = [record for record in records if record["kind"] == "key-rotated"]
    assert (rotated["subject"], rotated["proof"]["by"]) == (done["old"], done["fingerprint"])
    (signed,) = [record for record in records if record["kind"] == "image-signed"]
    assert (signed["name"], signed["proof"]["key"]) == (SIGNED, done["fingerprint"])
    assert signed["proof"]["replaces"] == done["old"]


def test_what_to_write_into_the_configuration_is_said(rotate: Rotate) -> None:
    done = rotate.uc("key", "rotate", env=NEW)

    (line,) = re.findall("^public_keys = .*$", done.stdout, re.MULTILINE)
    (rotate.uc.folder / "undercurrent.toml").write_text(f"[signing]\n{line}\n")
    assert rotate.uc("image", "verify", SIGNED, "--layout", "images").exit_code == 0


def test_a_copy_that_uc_makes_of_the_old_key_says_it_as_well(rotate: Rotate) -> None:
    done = rotate("--grace", "0").json["data"]

    for source in (done["kept"], done["kept_public"]):
        copied = rotate.uc("key", "public", source, env=OLD)
        (rotate.uc.folder / "copy.pub").write_text(copied.stdout)
        refused = rotate.uc("image", "verify", SIGNED, "--layout", "images", "--key", "copy.pub")
        assert refused.exit_code == 2, copied.stderr
        assert "error[retired-key]: copy.pub was replaced" in refused.stderr
    assert "Trusted-Until" not in rotate.uc("key", "public", "cosign.pub").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--grace", "soon"], "is not a time span"),
        (["--grace", "99999w"], "is not a time span"),
        (["pkcs11:token=a"], "is not a file"),
        (["--from", "cosign.pub"], "nothing is made"),
        (["--image", SIGNED, *ALL], "exclude each other"),
    ],
)
def test_what_makes_no_sense(rotate: Rotate, arguments: list[str], message: str) -> None:
    done = rotate(*arguments)

    assert done.exit_code == 2
    assert message in done.stderr
    assert not list(rotate.uc.folder.glob("cosign-*"))


KILLED: Final = 40
"""Images of a run that is killed."""


@pytest.fixture
def signed(run_uc: UcRunner) -> PublicKey:
    """Many images that a key signed, and the key, in the folder of the runs."""
    key = PrivateKey.generate()
    write_key_pair(key, run_uc.folder / "cosign.key", b"")

    async def make() -> None:
        layout = Layout.open(run_uc.folder / "images", create=True)
        for number in range(KILLED):
            name = f"app-{number:02}:1.0"
            manifest = await push_image(layout, {"number": str(number).encode()}, name)
            await sign(Image(layout, name, manifest.descriptor), KeySignatory(key), formats=(Format.BUNDLE,))

    asyncio.run(make())
    return key.public


async def signers_of(layout: Layout, keys: Sequence[PublicKey]) -> list[Counter[tuple[int, str]]]:
    """Of each image, how often each of the keys signed it in each format."""
    names = [name async for name in layout.names() if not is_derived(name)]
    hung = [await attached(Image(layout, name, await layout.resolve(name)), trust=Trust(tuple(keys))) for name in names]
    return [
        Counter(
            (keys.index(check.key), check.format) for item in one.attachments if (check := item.check) and check.key
        )
        for one in hung
    ]


def test_killed_again_and_again_it_makes_one_key_that_signs_all_once(run_uc: UcRunner, signed: PublicKey) -> None:
    command = ("key", "rotate", *ALL, "--json")
    kill_again_and_again(run_uc, command, images=KILLED, kills=6)

    result = finish(run_uc, command, KILLED)

    keys = signed, load_public(run_uc.folder / "cosign.pub")
    assert [image["found"] for image in result.json["data"]["images"]] == [1] * KILLED
    assert result.json["data"]["old"] == signed.fingerprint
    assert len(list(run_uc.folder.glob("cosign*.pub"))) == 2
    assert load_signer(run_uc.folder / "cosign.key", b"").public == keys[1]
    found = asyncio.run(signers_of(Layout.open(run_uc.folder / "images"), keys))
    assert found == [Counter({(0, "bundle"): 1, (1, "bundle"): 1, (1, "legacy"): 1})] * KILLED
