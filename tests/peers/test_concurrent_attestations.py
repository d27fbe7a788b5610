"""Processes that attest about one image at the same time, on real registries and in a layout: none is lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.attesting import PREDICATE_TYPE
from tests.support.images import push_image
from tests.support.servers import RegistryServer
from tests.support.source import ROOT

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.store import WritableStore
from undercurrent.oci.stores import Stores
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import write_key_pair
from undercurrent.signing.verify import verify_attestation

PROCESSES, EACH = 8, 4
TIMEOUT_S = 120


def at_the_same_time(place: str, key: Path) -> None:
    """Has so many processes attest so much each, all beginning together."""
    command = [sys.executable, "-m", "tests.support.attesting", place, str(key)]
    processes = [
        subprocess.Popen(
            [*command, str(number), str(EACH)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [(process.communicate(timeout=TIMEOUT_S)[1][-2000:], process.returncode) for process in processes]
    assert ended == [("", 0)] * PROCESSES


@pytest.fixture(params=["distribution3", "with_referrers", "layout"])
def place(request: pytest.FixtureRequest, repository_name: str, tmp_path: Path) -> str:
    """Where the image is: a registry without the referrers API, one with it, and a layout."""
    if request.param == "layout":
        return f"oci:{Layout.open(tmp_path / 'images', create=True).path}:app:1.0"
    server: RegistryServer = request.getfixturevalue(request.param)
    return f"{server.host}/{repository_name}:1.0"


async def test_none_of_them_is_lost_in_any_format(place: str, stores: Stores, tmp_path: Path) -> None:
    signer = PrivateKey.generate()
    write_key_pair(signer, tmp_path / "cosign.key", b"")
    store, name = await stores.open(place)
    assert isinstance(store, WritableStore)
    await push_image(store, {"motd": place.encode()}, name)

    at_the_same_time(place, tmp_path / "cosign.key")

    found = await verify_attestation(await stores.image(place), PREDICATE_TYPE, Trust((signer.public,)))
    assert found.problems == ()
    expected = {(process, number) for process in range(PROCESSES) for number in range(EACH)}
    for format_ in (Format.BUNDLE, Format.LEGACY):
        accepted = [
            check.statement.predicate for check in found.accepted if check.format is format_ and check.statement
        ]
        assert len(accepted) == len(expected), format_
        assert {(predicate["process"], predicate["number"]) for predicate in accepted} == expected
