"""``uc image sign``: names and ``--all``, keys and passwords, where they come from, what is left alone."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from rfc3161_client import decode_timestamp_response
from tests.support.background import in_background
from tests.support.cli import UcRunner, command_line_environment
from tests.support.estate import PASSWORD, SIGNED, STRANGE, TWO_PLATFORMS, UNSIGNED, Estate
from tests.support.fakeengine import FakeEngine
from tests.support.registry import FakeRegistry, Fault
from tests.support.terminal import converse
from tests.support.timestamps import Reply, timestamp_authority

OPEN: Final = {"COSIGN_PASSWORD": "", "COSIGN_KEY": "open.key"}
CONFIG: Final = """
[images]
layouts = ["images"]
exclude = ["acme/strange:*"]

[signing]
key = "cosign.key"
format = "legacy"
"""


def test_all_that_the_file_names_is_signed_once(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "undercurrent.toml").write_text(CONFIG)
    deeper = run_uc.folder / "a" / "b"
    deeper.mkdir(parents=True)

    planned = run_uc("image", "sign", "--all", "-n", env={"COSIGN_PASSWORD": PASSWORD}, cwd=deeper)
    first = run_uc("image", "sign", "--all", env={"COSIGN_PASSWORD": PASSWORD}, cwd=deeper)
    second = run_uc("image", "sign", "--all", "--json", env={"COSIGN_PASSWORD": PASSWORD}, cwd=deeper)

    assert (planned.exit_code, first.exit_code, second.exit_code) == (0, 0, 0), first.stderr
    assert planned.stdout.splitlines()[-1] == "2 would be changed, 1 left alone"
    assert first.stdout.splitlines()[-1] == "2 changed, 1 left alone"
    images = {image["name"]: image for image in second.json["data"]["images"]}
    assert images.keys() == {SIGNED, UNSIGNED, TWO_PLATFORMS}
    assert all(image["present"] == ["legacy"] and not image["changed"] for image in images.values())


def test_the_password_may_come_from_a_descriptor(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "password").write_text(PASSWORD + "\n")
    with (run_uc.folder / "password").open() as file:
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("uc"), "image", "sign", UNSIGNED, "--layout", "images"),
                *("--password-fd", str(file.fileno())),
            ],
            cwd=run_uc.folder,
            env=command_line_environment(run_uc.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            pass_fds=(file.fileno(),),
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert "acme/unsigned:1.0   signed    bundle, legacy" in done.stdout


def test_a_password_is_asked_for_on_a_terminal(run_uc: UcRunner, estate: Estate) -> None:
    command: list[str | Path] = [Path(sys.executable).with_name("uc"), "image", "sign", UNSIGNED, "--layout", "images"]

    code, shown = converse(
        command,
        [("Password of cosign.key: ", PASSWORD)],
        env=command_line_environment(run_uc.home, NO_COLOR="1"),
        cwd=run_uc.folder,
    )

    assert code == 0, shown
    assert PASSWORD not in shown
    assert "acme/unsigned:1.0   signed    bundle, legacy" in shown


@pytest.mark.parametrize(
    ("flags", "env", "added"),
    [
        (["--format", "bundle"], {}, ["bundle"]),
        (["--format", "legacy"], {}, ["legacy"]),
        ([], {"UNDERCURRENT_SIGNING_FORMAT": "bundle"}, ["bundle"]),
        (["--key", "cosign.key"], {"COSIGN_PASSWORD": PASSWORD}, ["bundle", "legacy"]),
    ],
)
def test_flags_and_variables(
    run_uc: UcRunner, estate: Estate, flags: list[str], env: dict[str, str], added: list[str]
) -> None:
    result = run_uc("image", "sign", UNSIGNED, "--layout", "images", "--json", *flags, env={**OPEN, **env})

    (image,) = result.json["data"]["images"]
    assert (image["added"], image["present"], image["digest"]) == (added, [], estate.digest(UNSIGNED))


def test_what_a_signature_says_besides_can_be_asked_for(run_uc: UcRunner, estate: Estate) -> None:
    run_uc("image", "sign", UNSIGNED, "--layout", "images", "-a", "team=red", "-a", "note=a = b", env=OPEN)
    verifying = ("image", "verify", UNSIGNED, "--layout", "images", "--key", "open.pub")

    assert run_uc(*verifying, "-a", "note=a = b").exit_code == 0
    assert run_uc(*verifying, "-a", "team=blue").exit_code == 1


def test_each_platform_and_the_index_get_their_sboms(run_uc: UcRunner, estate: Estate) -> None:
    signing = ("image", "sign", TWO_PLATFORMS, "--layout", "images", "--recursive", "--sbom", "--format", "bundle")
    result = run_uc(*signing, "--json", env={**OPEN, "SBOM_FORMAT": "cyclonedx"})

    (image,) = result.json["data"]["images"]
    assert (image["platforms"], image["platforms_added"], image["sboms"], image["sboms_added"]) == (2, 2, 4, 4)
    tree = run_uc("image", "tree", TWO_PLATFORMS, "--layout", "images", "--key", "open.pub").stdout
    assert tree.count("✓ attestation cyclonedx (bundle)") == 4
    assert tree.count("✓ signature (bundle)") == 3


def test_one_bad_image_does_not_stop_the_others(run_uc: UcRunner, estate: Estate, registry: FakeRegistry) -> None:
    registry.put_image("acme/app", "1.0")
    registry.put_image("acme/broken", "1.0")
    registry.fail(Fault("PUT|POST", "/acme/broken/", status=403, times=None))
    estate.blob(estate.digest(STRANGE)).unlink()
    names = [f"{registry.host}/acme/{name}:1.0" for name in ("app", "broken", "missing")]

    result = run_uc("image", "sign", *names, UNSIGNED, STRANGE, "--layout", "images", env=OPEN)

    assert result.exit_code == 4
    assert result.stdout.splitlines()[-1] == "2 changed, 0 left alone, 3 failed"
    assert result.stdout.count("signed    bundle, legacy") == 2
    for problem in ("acme/broken", "acme/missing", "lacks"):
        assert problem in result.stdout
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80


@pytest.mark.parametrize("where", ["registry", "store"])
def test_an_image_of_an_engine_is_taken_to_where_it_can_carry_a_signature(
    run_uc: UcRunner, estate: Estate, registry: FakeRegistry, tmp_path: Path, where: str
) -> None:
    env = {**OPEN, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    if where == "registry":
        env["REGISTRY"] = registry.host
    with in_background(FakeEngine(tmp_path / "docker.sock")) as engine:
        engine.add("hello", "myapp:v1.0")
        signed = run_uc("image", "sign", "myapp:v1.0", "--json", env=env)
        again = run_uc("image", "sign", "--all", env={**env, "UNDERCURRENT_IMAGES_ENGINES": "auto"})
        verified = run_uc("image", "verify", "myapp:v1.0", "--key", "open.pub", env=env)

    (image,) = signed.json["data"]["images"]
    store = run_uc.home / ".local/share/undercurrent/images"
    assert image["place"] == (f"{registry.host}/myapp:v1.0" if where == "registry" else f"oci:{store}:myapp:v1.0")
    assert image["brought_from"] == "docker"
    assert store.exists() is (where == "store")
    assert ("v1.0" in registry.repositories["myapp"].tags) is (where == "registry")
    assert "0 changed, 1 left alone" in again.stdout, again.stdout + again.stderr
    assert verified.exit_code == 0, verified.stdout


def test_signing_is_refused_where_no_signature_can_be(run_uc: UcRunner, estate: Estate) -> None:
    archive = run_uc.folder / "app.tar"
    subprocess.run(["tar", "-C", estate.images, "-cf", archive, "."], check=True)

    result = run_uc("image", "sign", f"oci-archive:{archive}:{UNSIGNED}", env=OPEN)

    assert result.exit_code == 1
    assert "cannot hold signatures" in result.stdout
    assert "copy the image to a registry or to an OCI layout" in " ".join(result.stdout.split())


def test_without_a_key_nothing_is_signed(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "cosign.key").unlink()

    result = run_uc("image", "sign", UNSIGNED, "--layout", "images")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error[usage]: there is no key to sign with",
        "  hint: make one with `uc key generate`, or name one with --key or COSIGN_KEY",
    ]


def test_a_layout_that_may_not_be_written_to(run_uc: UcRunner, estate: Estate) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; run the tests as another user")
    estate.images.chmod(0o500)

    result = run_uc("image", "sign", UNSIGNED, "--layout", "images", env=OPEN)

    estate.images.chmod(0o700)
    assert result.exit_code == 3
    assert "cannot be written" in result.stdout


def timestamps_in(layout: Path) -> list[tuple[bytes, bytes]]:
    """Signatures in a layout with their timestamps: the bundle's, then those of the older format."""
    found: list[tuple[str, str]] = []
    for path in sorted((layout / "blobs" / "sha256").iterdir()):
        with suppress(ValueError):
            document = json.loads(path.read_bytes())
            if "verificationMaterial" in document:
                (stamp,) = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
                signature = document["dsseEnvelope"]["signatures"][0]["sig"]
                found.insert(0, (signature, stamp["signedTimestamp"]))
            for layer in document.get("layers", ()):
                if stamp := layer.get("annotations", {}).get("dev.sigstore.cosign/rfc3161timestamp"):
                    signature = layer["annotations"]["dev.cosignproject.cosign/signature"]
                    found.append((signature, json.loads(stamp)["SignedRFC3161Timestamp"]))
    return [(base64.b64decode(signature), base64.b64decode(stamp)) for signature, stamp in found]


def test_an_authority_witnesses_each_signature(run_uc: UcRunner, tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    run_uc("key", "generate", "open.key", env=OPEN)
    (run_uc.folder / "files").mkdir()
    run_uc("image", "pack", "files", "-t", "app:1.0", "--layout", "images")
    with timestamp_authority(tmp_path / "authority") as authority:
        signed = run_uc(*("image", "sign", "app:1.0", "--layout", "images", "--timestamp-url", authority.url), env=OPEN)
        authority.answer = lambda _query: Reply(b"", status=404)
        refused = run_uc(
            *("image", "sign", "app:1.0", "--layout", "images", "-a", "team=red"),
            env={**OPEN, "UNDERCURRENT_SIGNING_TIMESTAMP_URL": authority.url},
        )

    assert signed.exit_code == 0, signed.stderr
    witnessed = timestamps_in(run_uc.folder / "images")
    assert len(witnessed) == 2
    for signature, stamp in witnessed:
        imprint = decode_timestamp_response(stamp).tst_info.message_imprint.message
        assert imprint == hashlib.sha256(signature).digest()
    assert refused.exit_code == 4
    assert "answers with status 404" in refused.stdout
    assert timestamps_in(run_uc.folder / "images") == witnessed
    assert run_uc("image", "verify", "app:1.0", "--layout", "images", "--key", "open.pub").exit_code == 0
