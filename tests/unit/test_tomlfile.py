import os
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from undercurrent import tomlfile
from undercurrent.errors import ConfigError


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    size: Literal["all"] | Annotated[int, Field(ge=1)] = 1
    in_: Annotated[list[str], Field(alias="in")] = []


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    inner: list[Inner] = []


def checked(tmp_path: Path, text: str) -> Outer:
    path = tmp_path / "file.toml"
    path.write_text(text)
    return tomlfile.read(path).checked(Outer)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("name = 1", 1, "name cannot be used: it must be text", ""),
        ("", 0, "name is missing", ""),
        ("name = 'a'\nnmae = 'b'", 2, "'nmae' cannot be set", "did you mean 'name'?"),
        (
            "name = 'a'\n[[inner]]\n[[inner]]\nsize = 0",
            4,
            "inner[2].size cannot be used: it must be one of 'all', or it",
            "",
        ),
        ("name = 'a'\n[[inner]]\n[[inner]] # two\nsiez = 1", 4, "'inner[2].siez' cannot be set", "'size'?"),
        ("name = 'a'\ninner = [\n  {},\n  { xyz = [] },\n]", 2, "'inner[2].xyz' cannot be set", "known are: size, in"),
        ("name = 'a'\n[inner]\nsize = 1", 2, "inner cannot be used: it must be a list", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        checked(tmp_path, text)

    assert message in raised.value.message
    assert raised.value.message.startswith(f"{tmp_path}/file.toml" + (f", line {line}: " if line else ": "))
    assert hint in raised.value.hint


@pytest.mark.parametrize("content", [b"name = ", b"\xff", b"a = " + b"[" * 100_000, b"#" * 1024 * 1024 + b"#"])
def test_what_is_no_toml_or_too_large_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.toml").write_bytes(content)

    with pytest.raises(ConfigError, match=r"file\.toml is"):
        tomlfile.read(tmp_path / "file.toml")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(ConfigError, match="cannot read"):
            tomlfile.read(path)


def test_lines_of_nested_tables() -> None:
    text = "a = 1\n[[rule]]\nname = 'x'\n[[rule.att]]\nb = 2\n[[rule]]\n[[rule.att]]\n[[rule.att]]\nb=3"

    assert tomllib.loads(text)["rule"][1]["att"][1] == {"b": 3}
    assert tomlfile.line_of(text, ("rule", 1, "att", 1, "b")) == 9
    assert tomlfile.line_of(text, ("rule", 0, "att", 0, "b", 7)) == 5
    assert tomlfile.line_of(text, ("rule", 1)) == 6
    assert tomlfile.line_of(text, ("none",)) == 0


def test_a_pipe_is_read_to_its_end() -> None:
    """What shells put in the place of ``<(…)``, however it comes."""
    out, into = os.pipe()

    def write() -> None:
        with os.fdopen(into, "wb") as pipe:
            for piece in (b"name = ", b"'a'\n", b"# " + b"x" * 200_000):
                time.sleep(0.05)
                pipe.write(piece)
                pipe.flush()

    with ThreadPoolExecutor() as pool, os.fdopen(out):
        pool.submit(write)
        document = tomlfile.read(Path(f"/dev/fd/{out}"))

    assert document.data == {"name": "a"}


def test_an_empty_device_is_an_empty_file() -> None:
    assert tomlfile.read(Path(os.devnull)).data == {}
