"""What the tests of every kind share."""

from pathlib import Path

import pytest
from tests.support.cli import UcRunner


@pytest.fixture
def run_uc(tmp_path: Path) -> UcRunner:
    """Runs ``uc`` in an empty folder below ``tmp_path``, with an empty home."""
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    return UcRunner(home, folder)
