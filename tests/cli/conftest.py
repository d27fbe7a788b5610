"""What the real entry point works on."""

import shutil
from collections.abc import Iterator

import pytest
from tests.support.background import in_background
from tests.support.cli import UcRunner
from tests.support.estate import Estate, build
from tests.support.registry import FakeRegistry


@pytest.fixture(scope="session")
def built_estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return build(tmp_path_factory.mktemp("estate"))


@pytest.fixture
def estate(run_uc: UcRunner, built_estate: Estate) -> Estate:
    """A small estate in the folder of the runs; to be changed at will."""
    shutil.copytree(built_estate.folder, run_uc.folder, dirs_exist_ok=True)
    return Estate(run_uc.folder)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """An empty registry."""
    with in_background(FakeRegistry()) as running:
        yield running
