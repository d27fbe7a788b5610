"""Fetching a repository with the real git, and refusing what git would run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from undercurrent.errors import CouldNotCheck, UsageError
from undercurrent.workflows.cloning import repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="apt-get install git")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with a hook, a filter and a submodule that would leave a trace if anything of it ran."""
    folder = tmp_path / "origin"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".gitattributes").write_text("* filter=trace\n")
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
    return folder


async def test_an_address_is_cloned_and_goes_again(origin: Path) -> None:
    async with repository(f"file://{origin}") as folder:
        assert (folder / "Dockerfile").read_text() == "FROM scratch\n"
        assert folder != origin
    assert not folder.exists()


async def test_a_folder_is_looked_at_where_it_is(origin: Path) -> None:
    async with repository(str(origin)) as folder:
        assert folder == origin


@pytest.mark.parametrize(
    "address",
    ["ext::sh -c 'touch {trace}'", "--upload-pack=touch {trace}", "fd::17", "no-such-folder", "https://a b/c"],
)
async def test_nothing_else_is_handed_to_git(tmp_path: Path, address: str) -> None:
    trace = tmp_path / "trace"

    with pytest.raises(UsageError, match="neither a folder nor an address"):
        async with repository(address.format(trace=trace)):
            pass

    assert not trace.exists()


async def test_an_address_in_an_address_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    with pytest.raises(CouldNotCheck, match="git cannot fetch"):
        async with repository(f"ssh://-oProxyCommand=touch%20{trace}/x"):
            pass

    assert not trace.exists()


async def test_what_git_cannot_fetch_could_not_be_checked(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match="git cannot fetch file:"):
        async with repository(f"file://{tmp_path}/nowhere"):
            pass
