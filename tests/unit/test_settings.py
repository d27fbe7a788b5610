"""Tables among the settings: from a file, from the environment, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from undercurrent import settings
from undercurrent.basefacts import BaseFacts
from undercurrent.errors import ConfigError


def test_a_table_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "undercurrent.toml"
    file.write_text(
        '[harden.bases]\n"ghcr.io/acme/base:*" = "10001"\n"acme/java" = { user = "app", accounts = ["app:10001"] }\n'
    )

    loaded = settings.load(file=file, environ={})

    assert loaded.settings.harden.bases == {
        "ghcr.io/acme/base:*": BaseFacts("10001"),
        "acme/java": BaseFacts("app", accounts=("app:10001",)),
    }
    assert loaded.origins["harden", "bases"].where == str(file)


def test_a_table_in_the_environment() -> None:
    loaded = settings.load(environ={"UNDERCURRENT_HARDEN_BASES": "localhost:5000/base:*=10001, acme/x = app"})

    assert loaded.settings.harden.bases == {"localhost:5000/base:*": BaseFacts("10001"), "acme/x": BaseFacts("app")}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[harden]\nbases = "10001"\n', "harden.bases cannot be used: it must be a table"),
        ("[harden.bases]\nx = 10001\n", "harden.bases cannot be used: x: it must be a table"),
        ('[harden.bases]\nx = { usr = "a" }\n', "x: 'usr' cannot be set; known are: user"),
        ("[harden]\nuid = 0\n", "harden.uid cannot be used: it must be at least 1"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "undercurrent.toml"
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        settings.load(file=file, environ={})

    assert reason in caught.value.message
    assert str(file) in caught.value.message


def test_paths_are_meant_relative_to_the_file_and_names_of_images_are_no_paths(tmp_path: Path) -> None:
    file = tmp_path / "undercurrent.toml"
    file.write_text('[harden.bases]\nbase = "app"\n')

    assert list(settings.load(file=file, environ={}, directory=tmp_path).settings.harden.bases) == ["base"]
