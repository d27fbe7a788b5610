"""Files where a catalogue belongs: each gives one clear refusal, soon, and none is waited for."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.catalogues import MINIMAL

from undercurrent import tomlfile
from undercurrent.errors import ConfigError
from undercurrent.planning.loading import load, read_catalogue
from undercurrent.settings import PlanningSettings, Settings

SOON_S = 20.0
"""On a machine that is busy; a second or so elsewhere."""
MIB = 1024 * 1024


def refused(path: Path) -> ConfigError:
    began = time.monotonic()
    with pytest.raises(ConfigError) as raised:
        read_catalogue(path)
    assert time.monotonic() - began < SOON_S
    for error in (raised.value, *raised.value.also):
        assert str(path) in error.message
        assert len(error.message) < 1000
    return raised.value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "version is missing", id="empty"),
        pytest.param(b"\0" * 100, "is not valid TOML", id="zeros"),
        pytest.param(b"title = '\xff\xfe'", "is not valid TOML", id="no UTF-8"),
        pytest.param("\ufeffversion = 1".encode("utf-16"), "is not valid TOML", id="UTF-16"),
        pytest.param(os.urandom(10 * MIB), "larger than 1 MiB", id="10 MB of nonsense"),
        pytest.param(b"# " + b"a" * 10 * MIB, "larger than 1 MiB", id="10 MB of a comment"),
        pytest.param(b"a = " + b"[" * (MIB - 10), "nested too deeply", id="brackets"),
        pytest.param(b"a = " + b"{a=" * (MIB // 4), "nested too deeply", id="tables in tables"),
        pytest.param(b"a." * (MIB // 3) + b"a = 1", "nested too deeply", id="a key of many names"),
        pytest.param(b"[" + b"a." * (MIB // 3) + b"a]", "nested too deeply", id="a header of many names"),
        pytest.param(b"a = {" + b'"a".' * (MIB // 5) + b"a=1}", "nested too deeply", id="quoted names"),
        pytest.param(b'x = """\n[' + b" " * (MIB - 99) + b'\n"""', "version is missing", id="spaces behind a bracket"),
        pytest.param(b"a" * (MIB - 9), "is not valid TOML", id="one word"),
        pytest.param(b'a = "' + b'\\"' * (MIB // 3), "is not valid TOML", id="quotes without end"),
        pytest.param(b"version = " + b"1" * (MIB - 99), "is not valid TOML", id="a long number"),
        pytest.param(b"version = 1e" + b"9" * 30, "no number that can be used", id="a large exponent"),
        pytest.param(b"k = 1\n" * (MIB // 7), "is not valid TOML", id="a key many times"),
        pytest.param(b"".join(b"k%d=1\n" % n for n in range(MIB // 12)), "version is missing", id="many keys"),
        pytest.param(b"[[action]]\n" * (MIB // 12), "version is missing", id="many actions"),
    ],
)
def test_content_that_means_harm(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_bytes(content)

    error = refused(path)

    assert reason in error.message
    assert len(error.also) <= 20


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (fifo, "nothing is written into it"),
        (endless, "is larger than 1 MiB"),
        (Path.mkdir, "Is a directory"),
        (circle, "Too many levels of symbolic links"),
        (lambda _path: None, "No such file"),
    ],
    ids=["fifo", "endless", "folder", "circle", "nothing"],
)
def test_what_is_no_file(
    tmp_path: Path, make: Callable[[Path], None], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tomlfile, "_PATIENCE_S", 0.1)
    make(tmp_path / "catalogue.toml")

    assert reason in refused(tmp_path / "catalogue.toml").message


def test_a_thousand_faults_are_told_as_twenty_and_a_count(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(MINIMAL + '[[window]]\nid = "w"\nday = 2026-12-31\nkind = "ends"\nname = "n"\n' * 1000)

    error = refused(path)

    assert "line 16: window[2].id cannot be used" in error.message
    assert len(error.also) == 20
    assert error.also[-1].message == f"{path}: 979 more things are wrong"


def link(number: int) -> str:
    """One of a chain of actions."""
    needs = [f"a{number - 1}"] if number else []
    return f"[[action]]\nid = 'a{number}'\nnumber = '{number}'\nname = '{'n' * 1000}'\nneeds = {needs}\n"


def test_the_largest_that_is_allowed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(MINIMAL + "".join(map(link, range(100))))

    assert len(read_catalogue(path).actions) == 100


def test_one_that_is_bad_keeps_none_of_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"[" * 1000)
    (tmp_path / "good.toml").write_text(MINIMAL)
    files = (tmp_path / "bad.toml", tmp_path / "good.toml")

    found = load(Settings(planning=PlanningSettings(catalogues=files)), keep_going=True)

    assert found.find("own").origin == str(tmp_path / "good.toml")
    assert [str(tmp_path / "bad.toml") in error.message for error in found.left_out] == [True]
