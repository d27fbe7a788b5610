"""Stages by name and number, what they are built on, and which variables their instructions see."""

import pytest

from undercurrent.errors import BadContent, NotFound
from undercurrent.hardening.dockerfile import (
    BadSubstitution,
    copied,
    copied_from,
    expand,
    lineage,
    pairs,
    parse,
    scopes,
    stages,
    target,
)

SOURCE = """\
ARG TAG=3.22
ARG NAME=alpine:${TAG}
FROM ${NAME} AS Base
FROM base AS build
COPY --from=0 /a /b
FROM registry/${MISSING} AS other
FROM --platform=linux/${TARGETARCH} build
"""


def test_stages_are_named_numbered_and_built_on_one_another() -> None:
    found = stages(parse(SOURCE))

    assert [(one.index, one.name, one.base, one.platform) for one in found] == [
        (0, "base", "alpine:3.22", ""),
        (1, "build", "base", ""),
        (2, "other", None, ""),
        (3, "", "build", "linux/amd64"),
    ]
    assert [one.index for one in lineage(found[3], found)] == [3, 1, 0]
    assert copied_from("BUILD", found) is found[1]
    assert copied_from("2", found) is found[2]
    assert copied_from("nginx", found) is None


def test_arguments_that_are_given_count_more() -> None:
    found = stages(parse(SOURCE), {"TAG": "edge", "MISSING": "x", "TARGETARCH": "arm64"})

    assert [one.base for one in found] == ["alpine:edge", "base", None, "build"]
    assert found[3].platform == "linux/arm64"


def test_a_target_is_found_by_name_or_number() -> None:
    found = stages(parse(SOURCE))

    assert target(found) is found[3]
    assert target(found, "Build") is found[1]
    assert target(found, "0") is found[0]
    with pytest.raises(NotFound, match="biuld") as caught:
        target(found, "biuld")
    assert "build" in caught.value.hint
    with pytest.raises(BadContent):
        target(())


def test_a_name_that_is_used_again_is_the_earlier_stage() -> None:
    found = stages(parse("FROM a AS x\nFROM x AS x\nFROM x\n"))

    assert [one.index for one in lineage(found[2], found)] == [2, 1, 0]


@pytest.mark.parametrize(
    "source",
    [
        "FROM a AS x\nCOPY --from=y / /\nFROM b AS y\nCOPY --from=x / /\n",
        "FROM a AS x\nCOPY --from=x / /\n",
        "FROM a AS x\nRUN --mount=from=y,target=/m x\nFROM x AS y\n",
        "FROM a\nCOPY --from=7 / /\n",
    ],
)
def test_circles_and_numbers_that_are_not_there_are_refused(source: str) -> None:
    with pytest.raises(BadContent, match="line"):
        stages(parse(source))


def test_a_mount_that_is_no_list_names_no_stage() -> None:
    source = 'FROM a AS x\nRUN --mount="from=\rx" y\nRUN --mount=from=' + "x" * 200_000 + " y\n"

    assert len(stages(parse(source))) == 1


def test_a_later_stage_can_be_copied_from() -> None:
    assert len(stages(parse("FROM a AS x\nCOPY --from=y / /\nFROM b AS y\n"))) == 2


def test_variables_follow_env_and_arg() -> None:
    source = """\
ARG GLOBAL=g
ARG UNUSED=u
FROM a
ENV A=1 B=$A
ARG GLOBAL
ARG OWN=${A}x
ARG UNKNOWN
ENV C="$GLOBAL $OWN" D ${UNUSED:-none}
ENV A 2 3
USER $C
"""
    (stage,) = stages(parse(source.replace(" D ", " D=")))

    *_before, last = scopes(stage, {"PATH": "/bin"}, {"PATH": "/bin"})

    assert dict(last.environment) == {"PATH": "/bin", "A": "2 3", "B": "", "C": "g 1x", "D": "none"}
    assert dict(last.variables) == dict(last.environment) | {"GLOBAL": "g", "OWN": "1x"}
    assert expand(last.instruction.text, last.variables) == "g 1x"


def test_given_arguments_reach_the_stage() -> None:
    (stage,) = stages(parse("FROM a\nARG X=1\nUSER $X\n"), {"X": "7", "Y": "8"})

    *_before, last = scopes(stage)

    assert last.variables == {"X": "7"}


def test_the_stage_that_is_built_is_an_argument_too() -> None:
    source = "FROM a AS x-app\nFROM a AS x-default\nFROM x-${TARGETSTAGE}"

    assert stages(parse(source))[-1].base == "x-default"
    assert stages(parse(source + " AS App"))[-1].base == "x-app"
    assert stages(parse(source + " AS app"), {"TARGETSTAGE": "default"})[-1].base == "x-default"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("COPY <<EOF /f", "1 '1' \"1\" $a \\ \n"),
        ("COPY <<'EOF' /f", "$a '$a' \"$a\" \\$a \\\\ \\\n"),
    ],
)
def test_a_document_that_is_copied_keeps_its_quotes_and_loses_its_escapes(written: str, read: str) -> None:
    """As BuildKit's `testCopyHeredocSpecialSymbols`; also where the file has another escape character."""
    source = f"# escape=`\nFROM x\n{written}\n$a '$a' \"$a\" \\$a \\\\ \\\nEOF\n"

    assert copied(parse(source).instructions[-1].heredocs[0], {"a": "1"}) == read


def test_pairs_keep_their_places() -> None:
    source = 'FROM a\nENV one=1 \\\n tw\\\no="2 3"\nENV old new value\nARG bare\n'
    _origin, new, old, bare = parse(source).instructions

    assert [(pair.name.text, pair.value and pair.value.span.of(source)) for pair in pairs(new)] == [
        ("one", "1"),
        ("two", '"2 3"'),
    ]
    assert [(pair.name.text, pair.value and pair.value.text) for pair in pairs(old)] == [("old", "new value")]
    assert [pair.value for pair in pairs(bare)] == [None]


def test_a_line_is_named_where_variables_cannot_be_put_in() -> None:
    with pytest.raises(BadSubstitution, match=r"line 1"):
        stages(parse("FROM ${x:?no}\n"))
    (stage,) = stages(parse("FROM a\nENV x=${y\n"))
    with pytest.raises(BadSubstitution, match=r"line 2"):
        list(scopes(stage))
