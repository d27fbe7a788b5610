"""Files that mean harm, given to the commands of `uc harden`: each ends soon, with an error that names the file."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.support.cli import Result, UcRunner

pytestmark = pytest.mark.timeout(120)

BOMB: Final = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
)
POD: Final = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: web, image: web}]\n"
DOCKERFILE: Final = "FROM debian:12\nCMD sleep 1\n"
SETTINGS: Final = ".undercurrent-harden.toml"


def ran(run_uc: UcRunner, *arguments: str, codes: tuple[int, ...]) -> Result:
    result = run_uc("harden", *arguments)
    said = result.stdout + result.stderr
    assert result.exit_code in codes, said[-2000:]
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert len(said) < 20_000
    return result


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def nowhere(path: Path) -> None:
    path.symlink_to("not-there")


def memory(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


NO_FILES: Final = (fifo, device, circle, nowhere, memory, large)
AUDIT: Final = ("audit", "--hadolint", "off")


def name_of(made: object) -> str:
    return getattr(made, "__name__", str(made))


@pytest.mark.parametrize("make", NO_FILES, ids=name_of)
@pytest.mark.parametrize(
    ("command", "code", "name"),
    [
        (AUDIT, 4, "Dockerfile"),
        (AUDIT, 4, "compose.yaml"),
        (AUDIT, 4, "pod.yaml"),
        (("fix",), 1, "Dockerfile"),
        (("manifests",), 1, "compose.yaml"),
        (("manifests",), 1, "pod.yaml"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_what_is_no_file_is_refused_when_it_is_named(
    run_uc: UcRunner, make: Callable[[Path], None], command: tuple[str, ...], code: int, name: str
) -> None:
    make(run_uc.folder / name)

    result = ran(run_uc, *command, name, codes=(2,) if make in (circle, nowhere) else (code, 4))

    assert name in result.stdout + result.stderr


COMPOSES: Final[dict[str, str]] = {
    "extends itself": "services:\n  a: {image: x, extends: {service: a}}\n",
    "extend one another": (
        "services:\n  a: {image: x, extends: {service: b}}\n  b: {image: x, extends: {service: a}}\n"
    ),
    "extends its own file": "services:\n  a: {image: x, extends: {file: compose.yaml, service: a}}\n",
    "extends a FIFO": "services:\n  a: {image: x, extends: {file: fifo, service: a}}\n",
    "extends what is above": "services:\n  a: {image: x, extends: {file: ../../etc/passwd, service: a}}\n",
    "extends a device": "services:\n  a: {image: x, extends: {file: /dev/zero, service: a}}\n",
    "includes itself": "include: [compose.yaml]\nservices:\n  a: {image: x}\n",
    "includes what includes it": "include: [other.yaml]\nservices:\n  a: {image: x}\n",
    "includes a FIFO": "include: [fifo]\nservices:\n  a: {image: x}\n",
    "includes a device": "include: [/dev/zero]\nservices:\n  a: {image: x}\n",
    "environment of a FIFO": "services:\n  a: {image: x, env_file: fifo}\n",
    "environment of a device": "services:\n  a: {image: x, env_file: [/dev/zero, ../../../etc/shadow]}\n",
    "variable of itself": "services:\n  a: {image: '${A:-${A:-${A}}}', user: '${B:-'}\n",
    "is built from above": "services:\n  a: {build: {context: ../../.., dockerfile: etc/passwd}}\n",
    "is built from a FIFO": "services:\n  a: {build: {context: ., dockerfile: fifo}}\n",
    "is a list": "- services\n",
    "has numbers for services": "services: {1: 2, 3: [4], null: null}\n",
    "has aliases of aliases": BOMB + "services: *i\n",
}


@pytest.mark.parametrize("name", COMPOSES)
def test_a_compose_file_leads_nowhere(run_uc: UcRunner, name: str) -> None:
    (run_uc.folder / "compose.yaml").write_text(COMPOSES[name])
    (run_uc.folder / "other.yaml").write_text("include: [compose.yaml]\n")
    (run_uc.folder / ".env").write_text("A=${A}$A\nB=$B\n")
    os.mkfifo(run_uc.folder / "fifo")

    for command in (AUDIT, ("fix",), ("manifests",)):
        result = ran(run_uc, *command, "compose.yaml", codes=(0, 1, 2, 4))
        assert "root:x:0" not in result.stdout


@pytest.mark.parametrize("command", [AUDIT, ("manifests",)], ids=lambda command: command[0])
def test_aliases_of_aliases_are_refused_with_the_name_of_the_file(run_uc: UcRunner, command: tuple[str, ...]) -> None:
    (run_uc.folder / "bomb.yaml").write_text(POD + "".join(f"{line}\n" for line in BOMB.splitlines()))

    result = ran(run_uc, *command, "bomb.yaml", codes=(1, 2, 4))

    assert "bomb.yaml: its aliases make too much of it" in " ".join((result.stdout + result.stderr).split())


CHOICES: Final[dict[str, str]] = {
    "is no TOML": "[[[",
    "is nested": "a = " + "[" * 10_000,
    "has a number of absurd length": "a = " + "9" * 100_000,
    "has unknown keys": "selct = []\n",
    "has another type": "select = 5\n",
    "has unknown rules": 'select = ["UC999"]\n',
    "has no reason": '[[rule]]\ncode = "UC101"\nseverity = "off"\n',
    "has an unknown severity": '[[rule]]\ncode = "UC101"\nseverity = "loud"\nreason = "x"\n',
    "has zeros": "\0",
    "is too large": "#" * (2 << 20),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_of_rules_that_cannot_be_used_ends_the_run(run_uc: UcRunner, name: str) -> None:
    (run_uc.folder / "Dockerfile").write_text(DOCKERFILE)
    (run_uc.folder / SETTINGS).write_text(CHOICES[name])

    result = ran(run_uc, *AUDIT, ".", codes=(2,))

    assert SETTINGS in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("make", [fifo, device, circle, nowhere], ids=name_of)
def test_a_choice_of_rules_that_is_no_file_is_not_waited_for(run_uc: UcRunner, make: Callable[[Path], None]) -> None:
    (run_uc.folder / "Dockerfile").write_text(DOCKERFILE)
    make(run_uc.folder / SETTINGS)

    assert "UC101" in ran(run_uc, *AUDIT, ".", codes=(1, 2)).stdout


JSONS: Final[dict[str, str]] = {
    "nothing": "",
    "no JSON": "{",
    "a number": "1",
    "a list of lists": "[[]]",
    "nested": "[" * 100_000,
    "another schema": '{"schema": "x", "findings": []}',
    "zeros": "\0\0",
}


@pytest.mark.parametrize("option", ["--baseline", "--hadolint"])
@pytest.mark.parametrize("name", JSONS)
def test_json_that_is_something_else_is_refused(run_uc: UcRunner, option: str, name: str) -> None:
    (run_uc.folder / "Dockerfile").write_text(DOCKERFILE)
    (run_uc.folder / "known.json").write_text(JSONS[name])

    result = ran(run_uc, "audit", ".", option, "known.json", codes=(1, 2, 4))

    assert "known.json" in result.stderr


@pytest.mark.parametrize("option", ["--baseline", "--hadolint"])
@pytest.mark.parametrize("make", NO_FILES, ids=name_of)
def test_json_that_is_no_file_is_not_waited_for(run_uc: UcRunner, option: str, make: Callable[[Path], None]) -> None:
    (run_uc.folder / "Dockerfile").write_text(DOCKERFILE)
    make(run_uc.folder / "known.json")

    assert "known.json" in ran(run_uc, "audit", ".", option, "known.json", codes=(1, 2, 4)).stderr


def test_fingerprints_and_findings_of_others_do_no_harm(run_uc: UcRunner) -> None:
    """Terminal controls, numbers that are none, and files that nobody named."""
    (run_uc.folder / "Dockerfile").write_text(DOCKERFILE)
    findings = [
        {
            "file": "Dockerfile",
            "line": -5,
            "column": "x",
            "level": [],
            "code": "DL3006",
            "message": "\x1b[2J\x1b]0;x\x07",
        },
        {"file": "/etc/passwd", "line": 10**30, "level": "error", "code": "DL1", "message": "x"},
        {"file": None, "code": None},
    ]
    (run_uc.folder / "said.json").write_text(json.dumps(findings))

    result = ran(run_uc, "audit", ".", "--hadolint", "said.json", "--all", codes=(1,))

    assert "/etc/passwd" not in result.stdout


@pytest.mark.parametrize("make", [fifo, device, circle], ids=name_of)
def test_new_does_not_wait_for_what_is_no_file(run_uc: UcRunner, make: Callable[[Path], None]) -> None:
    make(run_uc.folder / "Dockerfile")

    result = ran(run_uc, "new", "python", codes=(1, 2, 3))

    assert "Dockerfile" in result.stderr
    assert [path.name for path in run_uc.folder.iterdir()] == ["Dockerfile"]


def test_fix_never_writes_through_a_link_that_leads_outside(run_uc: UcRunner, tmp_path: Path) -> None:
    outside = tmp_path / "Dockerfile"
    outside.write_text('FROM scratch\nCOPY a /a\nENTRYPOINT ["/a"]\n')
    (run_uc.folder / "app").mkdir()
    (run_uc.folder / "app" / "Dockerfile").symlink_to(outside)
    before = outside.read_text()

    ran(run_uc, "fix", ".", "--write", codes=(0, 1, 2))

    assert outside.read_text() == before
    assert (run_uc.folder / "app" / "Dockerfile").is_symlink()
