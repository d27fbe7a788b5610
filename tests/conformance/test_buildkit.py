"""BuildKit's own cases: Dockerfiles and what its parser makes of them, and those that put variables in.

The cases are not ours: https://github.com/moby/buildkit/tree/master/frontend/dockerfile (`parser` and `shell`).
"""

from collections.abc import Iterator
from typing import Final

import pytest
from tests.support import buildkit

from undercurrent.hardening.dockerfile import BadSubstitution, expand, expansion, parse, unparse

POSITIVE: Final = sorted(path.parent.name for path in buildkit.CASES.glob("testfiles/*/result"))
NEGATIVE: Final = sorted(path.parent.name for path in buildkit.CASES.glob("testfiles-negative/*/Dockerfile"))
PUBLISHED: Final = (33, 4)
VARIABLES: Final = {"PWD": "/home", "SHELL": "bash", "KOREAN": "한국어", "NULL": ""}

pytestmark = pytest.mark.skipif(not buildkit.present(), reason="BuildKit's cases are not here; set UNDERCURRENT_DATA")


@pytest.mark.parametrize("name", POSITIVE)
def test_a_file_is_read_as_buildkit_reads_it(name: str) -> None:
    folder = buildkit.CASES / "testfiles" / name
    content = (folder / "Dockerfile").read_bytes()

    read = parse(content)

    assert buildkit.dump(read) + "\n" == (folder / "result").read_text("utf-8")
    assert unparse(read) == content


@pytest.mark.parametrize("name", NEGATIVE)
def test_a_file_that_buildkit_refuses_has_a_fault(name: str) -> None:
    content = (buildkit.CASES / "testfiles-negative" / name / "Dockerfile").read_bytes()

    read = parse(content)

    assert read.faults
    assert unparse(read) == content


def test_every_case_is_there() -> None:
    assert (len(POSITIVE), len(NEGATIVE)) == PUBLISHED


def expansions() -> Iterator[tuple[str, str]]:
    for line in (buildkit.CASES / "shell" / "envVarTest").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            system, source, expected = (part.strip() for part in line.split("|"))
            if system in ("A", "U"):
                yield source, expected


def test_variables_are_put_in_as_buildkit_does() -> None:
    cases = list(expansions())

    found = []
    for source, _expected in cases:
        try:
            found.append((source, expand(source, VARIABLES)))
        except BadSubstitution:
            found.append((source, "error"))

    assert found == cases
    assert len(cases) > 200


def test_words_are_split_as_buildkit_does() -> None:
    variables: dict[str, str] = {}
    compared = 0
    for line in (buildkit.CASES / "shell" / "wordsTest").read_text("utf-8").split("\n"):
        if line.startswith("ENV "):
            name, _equals, value = line[4:].lstrip(" ").partition("=")
            variables[name] = value
        elif line and not line.startswith("#"):
            source, expected = line.split("|")
            try:
                words = expansion(source.strip(), variables).words
            except BadSubstitution:
                words = ("error",)
            assert (source, list(words)) == (source, expected.lstrip(" ").split(","))
            compared += 1

    assert compared >= 24
