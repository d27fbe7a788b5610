"""A run over two hundred images of a real registry, killed fifty times: all are signed exactly once in the end."""

import json
from typing import Final

import pytest
from tests.support.cli import UcRunner
from tests.support.killing import check_evidence, finish, kill_again_and_again
from tests.support.servers import RegistryServer
from tests.support.standing import check_signed_once, check_whole, push_fleet, repository_at

from undercurrent.signing.keys import PrivateKey, write_key_pair

IMAGES: Final = 200
KILLS: Final = 25


@pytest.mark.parametrize("server", ["distribution3", "with_referrers"])
async def test_killed_at_random_moments_every_image_is_signed_exactly_once(
    run_uc: UcRunner, repository_name: str, server: str, request: pytest.FixtureRequest
) -> None:
    registry: RegistryServer = request.getfixturevalue(server)
    key = PrivateKey.generate()
    write_key_pair(key, run_uc.folder / "cosign.key", b"")
    command = ("image", "sign", "--all", "--registry", f"{registry.host}/{repository_name}", "--json")
    async with repository_at(registry.host, repository_name) as repository:
        await push_fleet(repository, [f"v{number:03}" for number in range(IMAGES)])

    done = kill_again_and_again(run_uc, command, images=IMAGES, kills=KILLS)
    result = finish(run_uc, command, IMAGES)

    assert result.json["data"]["resumed"] == done
    async with repository_at(registry.host, repository_name) as repository:
        await check_signed_once(repository, key.public, IMAGES)
        await check_whole(repository)
    check_evidence(run_uc, IMAGES)
    [journal] = (run_uc.home / ".local/state/undercurrent/runs").glob("*.jsonl")
    assert "finished" in json.loads(journal.read_bytes().splitlines()[-1])
    again = finish(run_uc, command, IMAGES).json["data"]
    assert (again["resumed"], {image["changed"] for image in again["images"]}) == (0, {False})
