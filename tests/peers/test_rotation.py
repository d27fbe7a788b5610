"""A rotated key on a real registry: cosign verifies with either key, and reads the old public key as before."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer

from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores

ENVIRON = {"COSIGN_PASSWORD": PASSWORD}


@pytest.fixture
def run_uc(tmp_path: Path) -> UcRunner:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    return UcRunner(home, folder)


@pytest.fixture
async def names(registry_server: RegistryServer, repository_name: str, stores: Stores) -> list[str]:
    """Two images and an index."""
    repository = stores.repository(Reference.parse(f"{registry_server.host}/{repository_name}"))
    for tag in ("1.0", "2.0"):
        await push_image(repository, {"motd": tag.encode()}, tag)
    platforms = {
        platform: await push_image(repository, {"motd": b"3"}, platform=platform) for platform in (AMD64, ARM64)
    }
    await push_index(repository, platforms, "3.0")
    return [f"{registry_server.host}/{repository_name}:{tag}" for tag in ("1.0", "2.0", "3.0")]


def test_cosign_verifies_with_both_keys_afterwards(run_uc: UcRunner, names: list[str]) -> None:
    folder = run_uc.folder
    cosign = cosign_with_key(folder)
    signed_by_cosign, unsigned, index = names
    cosign.sign(signed_by_cosign, legacy=True, annotations=("team=red",))
    (folder / "vuln.json").write_text(json.dumps({"scanner": {"uri": "https://a.test"}}))
    run_uc("image", "sign", index, "--recursive", "--key", "cosign.key", env=ENVIRON)
    cosign.attest(index, folder / "vuln.json", "vuln", legacy=False)

    rotated = run_uc("key", "rotate", *(part for name in names for part in ("--image", name)), "--json", env=ENVIRON)
    kept = folder / rotated.json["data"]["kept_public"]

    assert rotated.exit_code == 0, rotated.stderr
    assert [bool(image["untouched"]) for image in rotated.json["data"]["images"]] == [False, True, False]
    new = Cosign(folder)
    for legacy in (True, False):
        assert new.verify(signed_by_cosign, legacy=legacy, annotations=("team=red",))
        assert new.verify(index, legacy=legacy, key=kept)
        assert new.verify(index, legacy=legacy)
        assert new.verify_attestation(index, "vuln", legacy=legacy)
        with pytest.raises(CosignRefusedError):
            new.verify(unsigned, legacy=legacy)
    assert new.verify(signed_by_cosign, legacy=True, key=kept)
    both = ("--key", "cosign.pub", "--key", kept)
    assert run_uc("image", "verify", signed_by_cosign, index, *both).exit_code == 0
    checked = subprocess.run(
        [require_peer("openssl"), "pkey", "-pubin", "-in", kept, "-noout"], capture_output=True, check=False
    )
    assert checked.returncode == 0
