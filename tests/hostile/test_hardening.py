"""Dockerfiles, contexts and YAML that mean harm: each is read soon, or refused with an error that says why."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from undercurrent import yamltext
from undercurrent.errors import UndercurrentError
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import Context, describe
from undercurrent.workflows.discovering import FileKind, find_files

LONGEST_S: Final = 5.0
"""Processor time."""

START: Final = 'FROM debian:12\nCOPY . /app\nENTRYPOINT ["/app/start.sh"]\n'

DOCKERFILES: Final[dict[str, str]] = {
    "nothing": "",
    "byte order marks": "\ufeff\ufeffFROM a\n",
    "zeros": "FROM a\nRUN \0\0\0 && useradd x\n\0\n",
    "half characters": "FROM a\nRUN useradd \udcff\udcfe\nUSER \udcff\n",
    "only arguments": "ARG A\nARG B=$A\n",
    "itself": "FROM a AS a\nFROM a AS a\nFROM a\n",
    "circle": "FROM a AS x\nCOPY --from=y / /\nFROM b AS y\nCOPY --from=x / /\n",
    "circle of mounts": "FROM a AS x\nRUN --mount=from=y x\nFROM x AS y\nRUN --mount=from=x,target=/y x\n",
    "stage that is not there": "FROM a\nCOPY --from=99999999999999999999 / /\nCOPY --from=12 / /\n",
    "argument of itself": "ARG A=$A$A\nFROM ${A:-$A}\nARG A=$A$A\nUSER $A\n",
    "doubling arguments": "ARG A=xx\n" + "ARG A=$A$A\n" * 100 + "FROM $A\n",
    "doubling variables": "FROM a\nENV A=xx\n" + "ENV A=$A$A\n" * 100 + "USER $A\n",
    "many variables": "FROM a\nENV A=" + "x" * 60_000 + "\n" + "ENV B=$A.\nENV C=.$A\n" * 3_000 + "USER $B\n",
    "deep substitution": "FROM " + "${a:-" * 5_000 + "x" + "}" * 5_000 + "\n",
    "substitution without an end": "FROM ${a:-${b:-\n",
    "unknown modifier": "FROM ${a^^}\n",
    "patterns": "FROM a\nENV A=" + "a" * 1_000 + "\n" + "ENV B=${A//a*a*a*b/x}\n" * 300 + "USER $B\n",
    "long pattern": "FROM a\nENV A=" + "a" * 9_000 + "\nENV B=${A#*a*b}\n",
    "replacement that grows": "FROM a\nENV A=" + "a" * 30_000 + "\nENV B=${A//a/" + "b" * 30_000 + "}\n",
    "demanded variable": "FROM a\nUSER ${WHO:?say who}\n",
    "document without an end": "FROM a\nRUN <<EOF\nuseradd x\n",
    "many documents": "FROM a\nRUN " + "<<A " * 2_000 + "\n",
    "document named by a quote": "FROM a\nRUN <<'\nx\n'\nUSER x\n",
    "continuation without an end": "FROM a\nRUN x \\\n" + "\\\n" * 50_000,
    "comments within": "FROM a\nRUN x \\\n" + "# y\n" * 50_000 + "USER b\n",
    "long line": "FROM a\nRUN " + "x" * (10 << 20) + "\nUSER x\n",
    "long user": "FROM a\nUSER " + "9" * 60_000 + ":" + "9" * 60_000 + "\n",
    "many users": "FROM a\n" + "RUN useradd u\nUSER u\n" * 2_000,
    "many scripts": "FROM a\n" + "".join(f'RUN if [ "$x" = {n} ]; then useradd u{n}; fi\n' for n in range(500)),
    "brackets": "FROM a\nRUN " + "(" * 20_000 + "\n",
    "substituted commands": "FROM a\nRUN " + "$(" * 20_000 + "\n",
    "quotes": "FROM a\nRUN useradd '" + "\\'" * 20_000 + "\n",
    "array of arrays": "FROM a\nCMD " + "[" * 60_000 + "\n",
    "array of numbers": "FROM a\nCMD [1, 2]\nENTRYPOINT [null]\n",
    "escapes in an array": 'FROM a\nCMD ["\\ud800", "\\u0000", "\\udc80"]\n',
    "huge number": "FROM a\nEXPOSE 99999999999999999999 0 -1 80-70 1-99999999\nUSER 99999999999999999999\n",
    "ports of everything": "FROM a\n" + "EXPOSE 1-65535/tcp 1-65535/udp\n" * 20,
    "flags": "FROM a\nCOPY " + "--chown=1 " * 5_000 + "a b\n",
    "triggers": "FROM a\nONBUILD " * 1_000 + "\n",
    "mounts": "FROM a\nRUN " + "--mount=type=bind,from=a,target='\"x " * 1_000 + "\n",
    "stages": "FROM a\nUSER 1\n" * 1_000,
    "too many stages": "FROM a\n" * 20_000,
    "chain of stages": "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nUSER {n}\n" for n in range(900)),
    "copies of stages": "".join(f"FROM a AS s{n}\nCOPY --from=s{n - 1} /a /b\n" for n in range(900)),
    "other escape": "# escape=`\nFROM a\nRUN x `\n" + "`\n" * 10_000,
    "wrong escape": "# escape=xyz\nFROM a\n",
    "workdirs": "FROM a\n" + "WORKDIR ../../x/./..\n" * 5_000 + "WORKDIR " + "a/" * 30_000 + "\n",
    "volumes": 'FROM a\nVOLUME ["' + '", "'.join("/v" * n for n in range(300)) + '"]\n',
    "labels": "FROM a\nLABEL " + "a=b " * 10_000 + "\n",
    "shell that is none": 'FROM a\nSHELL ["", "\\u0000"]\nRUN x\nCMD y\n',
    "start of itself": 'FROM a\nENTRYPOINT ["sh", "-c", "exec $0 $@", "sh", "-c", "exec $0 $@"]\n',
    "terminal": "FROM a\x1b[2J\x1b]0;x\x07\nUSER \x1b[31mroot\n",
    "right to left": "FROM a\nUSER \u202etoor\u202c\n",
}

ALIASES: Final = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
YAMLS: Final[dict[str, bytes]] = {
    "nothing": b"",
    "zeros": b"a: \0\0\n",
    "no UTF-8": b"a: \xff\xfe\n",
    "UTF-16": "a: b\n".encode("utf-16"),
    "aliases of aliases": ALIASES.encode(),
    "alias of itself": b"a: &a\n  b: *a\n",
    "alias of nothing": b"a: *b\n",
    "merge of itself": b"a: &a\n  <<: *a\n  b: 1\n",
    "deep lists": b"[" * 100_000,
    "deep mappings": b"".join(b" " * n + b"a:\n" for n in range(3_000)),
    "flow without an end": b"{a: [1, {b: 2",
    "quote without an end": b'a: "' + b"x" * 100_000,
    "tabs": b"a:\n\tb: 1\n",
    "tags": b"a: !!python/object/apply:os.system ['false']\n",
    "own tag": b"!<tag:x> {a: !b c}\n",
    "documents": b"---\na: 1\n" * 5_000,
    "keys twice": b"a: 1\na: 2\n" * 1_000,
    "keys that are lists": b"? [a, {b: c}]\n: d\n",
    "10 MB": b"a: " + b"x" * (10 << 20),
    "long numbers": b"a: " + b"9" * 100_000 + b"\nb: 0x" + b"f" * 10_000 + b"\nc: 1:2:3:4:5:6:7:8:9\n",
    "dates": b"a: 2026-13-99\nb: 9999-99-99T99:99:99Z\n",
    "template": b"{{- if .Values.a }}\nkind: Pod\n{{- end }}\n",
    "block": b"a: |+9\n" + b" " * 100_000 + b"x\n",
    "directives": b"%YAML 9.9\n%TAG ! x\n---\na\n",
    "carriage returns": b"a: 1\rb: 2\r\nc: 3\n",
}


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < LONGEST_S


def told(work: Callable[[], object]) -> str:
    """What the error says; empty where there is none. Anything that is no error of ours comes through."""
    try:
        work()
    except UndercurrentError as error:
        return error.message if error.exit_code in (1, 2, 4) else f"{error.exit_code}?"
    return ""


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_is_described_or_refused(name: str) -> None:
    read = parse(DOCKERFILES[name], "app/Dockerfile")

    said = told(lambda: describe(read))

    assert said or read.faults or describe(read).runner.identity
    assert "Traceback" not in said
    assert len(said) < 1_000


def fifo(root: Path) -> None:
    os.mkfifo(root / "start.sh")


def outside(root: Path) -> None:
    (root / "start.sh").symlink_to("/etc/passwd")


def above(root: Path) -> None:
    (root / "start.sh").symlink_to("../../../../../../etc/passwd")


def circle(root: Path) -> None:
    (root / "start.sh").symlink_to("other.sh")
    (root / "other.sh").symlink_to("start.sh")


def device(root: Path) -> None:
    (root / "start.sh").symlink_to("/dev/zero")


def folder(root: Path) -> None:
    (root / "start.sh").mkdir()


def large(root: Path) -> None:
    (root / "start.sh").write_bytes(b"#!/bin/sh\nexec nginx\n" + b"#" * (10 << 20))


def starts_itself(root: Path) -> None:
    (root / "start.sh").write_text('#!/bin/sh\nexec /app/start.sh "$@"\n')


def start_one_another(root: Path) -> None:
    for number in range(200):
        (root / f"s{number}.sh").write_text(f"#!/bin/sh\nexec /app/s{number + 1}.sh\n")
    (root / "start.sh").write_text("#!/bin/sh\nexec /app/s0.sh\n")


def no_text(root: Path) -> None:
    (root / "start.sh").write_bytes(bytes(range(256)) * 100)


def patterns(root: Path) -> None:
    (root / ".dockerignore").write_text("\n".join(["*a*a*a*a*a*a*a*b", "**/" * 100 + "x", "[", "[a-", "!" * 50] * 100))
    (root / ("a" * 200)).touch()
    (root / "start.sh").write_text("#!/bin/sh\nexec nginx\n")


def ignored_fifo(root: Path) -> None:
    os.mkfifo(root / ".dockerignore")
    (root / "start.sh").write_text("#!/bin/sh\nexec nginx\n")


def many_files(root: Path) -> None:
    for number in range(3_000):
        (root / f"f{number}").touch()
    (root / "start.sh").write_text("#!/bin/sh\nexec nginx\n")


CONTEXTS: Final = (
    fifo, outside, above, circle, device, folder, large, starts_itself, start_one_another, no_text, patterns,
    ignored_fifo, many_files,
)  # fmt: skip


@pytest.mark.parametrize("prepare", CONTEXTS, ids=lambda prepare: prepare.__name__)
def test_a_context_is_never_left_and_never_waited_for(prepare: Callable[[Path], None], tmp_path: Path) -> None:
    prepare(tmp_path)

    found = describe(parse(START), context=Context.of(tmp_path))

    assert found.runner.identity == "root"
    assert "root:x:0" not in repr(found)
    if prepare not in (patterns, ignored_fifo, many_files, no_text):
        assert not found.entrypoint.complete


@pytest.mark.parametrize("name", YAMLS)
def test_yaml_is_read_or_refused(name: str) -> None:
    documents: list[yamltext.Document] = []

    said = told(lambda: documents.extend(yamltext.parse(YAMLS[name], "app/compose.yaml")))
    for document in documents:
        told(lambda root=document.root: yamltext.plain(root))  # type: ignore[misc]

    assert not said or "app/compose.yaml" in said
    assert len(said) < 1_000


def test_only_files_are_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Dockerfile")
    os.mkfifo(tmp_path / "pod.yaml")
    (tmp_path / "a" / "Containerfile").mkdir(parents=True)
    (tmp_path / "a" / "loop").symlink_to("..")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Dockerfile").symlink_to("/etc/passwd")
    (tmp_path / "b" / "compose.yaml").symlink_to("/dev/zero")
    (tmp_path / "b" / "self.Dockerfile").symlink_to("self.Dockerfile")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "Dockerfile").write_text(START)

    found = find_files([tmp_path])

    assert [(one.path.relative_to(tmp_path).as_posix(), one.kind) for one in found] == [
        ("c/Dockerfile", FileKind.DOCKERFILE)
    ]
