"""Of a script is known which commands it has, what they stand in, and which of their words are constant."""

import random
import time

import pytest

from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.shell import Body, Command, Within, bodies, reading, script
from undercurrent.hardening.shell.plain import plain
from undercurrent.splices import Edit, spliced


def words(text: str, **variables: str) -> list[tuple[str | None, ...]]:
    found = script(text, variables)
    assert found.understood
    return [command.words for command in found.commands]


def only(text: str, **variables: str) -> Command:
    (found,) = script(text, variables).commands
    return found


def body(source: str) -> Body:
    (found,) = bodies(parse(source).instructions[-1], {}, source)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get update && apt-get install -y nginx", [("apt-get", "update"), ("apt-get", "install", "-y", "nginx")]),
        ("a 'b c' \"d e\" f\\ g", [("a", "b c", "d e", "f g")]),
        ('echo "a \\"b\\" \\$c \\n"', [("echo", 'a "b" $c \\n')]),
        ("a pre\"mid\"'post'", [("a", "premidpost")]),
        ('echo " a  b " ', [("echo", " a  b ")]),
        ("echo $'a\\nb'", [("echo", "a\nb")]),
        ('echo $UNKNOWN x${UNKNOWN} "${UNKNOWN:-y}"', [("echo", None, None, None)]),
        ("mkdir /a/{b,c}", [("mkdir", None)]),
        ("cp *.conf ~/x", [("cp", "*.conf", "~/x")]),
        ("useradd \\\n  -u 1 \\\n  app", [("useradd", "-u", "1", "app")]),
        ("echo ünï > /ö; b", [("echo", "ünï"), ("b",)]),
        ("x # y", [("x",)]),
        ("", []),
    ],
)
def test_words_are_constant_or_none(text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert words(text) == expected


def test_variables_with_a_value_are_put_in() -> None:
    text = 'useradd -u $UID "$NAME-x" ${NAME} ${NAME%p} $LIST "$LIST"'

    assert words(text, UID="7", NAME="app", LIST="a b") == [("useradd", "-u", "7", "app-x", "app", "ap", None, "a b")]


def test_what_the_script_sets_counts_more() -> None:
    assert words("A=2; echo $A; A=$(x); echo $A", A="1") == [(), ("echo", "2"), (), ("x",), ("echo", None)]
    assert words("true || A=2; echo $A", A="1")[-1] == ("echo", None)
    assert words("export A=2 && echo $A", A="1")[-1] == ("echo", "2")
    assert words("A=2 env; echo $A", A="1")[-1] == ("echo", "1")
    assert words("for A in 1 2; do echo $A; done", A="1") == [("echo", None)]
    assert words("while x; do echo $A; A=2; done", A="1") == [("x",), ("echo", None), ()]
    assert words("read A; echo $A", A="1")[-1] == ("echo", None)
    assert words(". ./env; echo $A", A="1")[-1] == ("echo", None)


@pytest.mark.parametrize(
    "text",
    [
        "while x; do echo $A; read A; done",
        "while x; do echo $A; for A in 1; do y; done; done",
        "while x; do echo $A; while y; do A=2; done; done",
        "f() { echo $A; unset A; }",
    ],
)
def test_what_a_loop_sets_is_not_known_from_its_beginning_on(text: str) -> None:
    assert ("echo", None) in words(text, A="1")


def test_what_stands_in_for_a_variable_is_not_known_either_if_it_has_one() -> None:
    assert words("echo x${A:-b}", A="") == [("echo", "xb")]
    assert words("echo x${A:-$B} x${A:-$(b)} x${A:-`b`}", A="")[0] == ("echo", None, None, None)


@pytest.mark.parametrize(
    ("text", "program", "within", "sure"),
    [
        ("a; x", "x", (), True),
        ("a && b && x", "x", (Within.AND,), True),
        ("a || x", "x", (Within.OR,), False),
        ("x || true", "x", (), True),
        ("if a; then x; fi", "x", (Within.IF,), False),
        ("if x; then a; fi", "x", (Within.CONDITION,), False),
        ("if a; then b; elif x; then c; fi", "x", (Within.IF, Within.CONDITION), False),
        ("if a; then b; else x; fi", "x", (Within.IF,), False),
        ("for i in 1; do x; done", "x", (Within.LOOP,), False),
        ("until x; do a; done", "x", (Within.CONDITION,), False),
        ("case $1 in a) x;; esac", "x", (Within.CASE,), False),
        ("f() { x; }", "x", (Within.FUNCTION,), False),
        ("(cd /; x)", "x", (Within.SUBSHELL,), True),
        ("{ a; x; }", "x", (), True),
        ("echo $(x)", "x", (Within.SUBSTITUTION,), False),
        ('echo "a`x`"', "x", (Within.SUBSTITUTION,), False),
        ("A=$(x) b", "x", (Within.SUBSTITUTION,), False),
        ("a | x", "x", (Within.PIPE,), True),
        ("! x", "x", (Within.NOT,), True),
        ("a & x & b", "x", (Within.BACKGROUND,), True),
        ("{ a && (b | x); } || c", "x", (Within.AND, Within.SUBSHELL, Within.PIPE), True),
    ],
)
def test_what_a_command_stands_in(text: str, program: str, within: tuple[Within, ...], *, sure: bool) -> None:
    found = script(text)

    assert found.understood
    (command,) = [one for one in found.commands if one.program == program]
    assert (command.within, command.sure) == (within, sure)


def test_redirects_are_of_the_command_that_they_belong_to() -> None:
    found = script('a && b >/f 2>&1 </dev/null; { c; d; } >>"/g h"; >/i; e | f >$X')

    assert found.understood
    assert {
        command.program: [(one.operator, one.target) for one in command.redirects] for command in found.commands
    } == {
        "a": [],
        "b": [(">", "/f"), (">&", "1"), ("<", "/dev/null")],
        "c": [(">>", "/g h")],
        "d": [(">>", "/g h")],
        "e": [],
        "f": [(">", None)],
    } | ({"": [(">", "/i")]} if any(not command.program for command in found.commands) else {})


def test_documents_are_the_content_of_a_redirect() -> None:
    quoted = only("cat > /f <<'EOF'\nlisten $x\nEOF\n")
    tabs = only("cat <<-EOF\n\ta\n\tEOF\n")
    here = only("cat <<< 'a b'")

    assert [(one.operator, one.target, one.content, one.exact) for one in quoted.redirects] == [
        (">", "/f", "", True),
        ("<<", "EOF", "listen $x\n", True),
    ]
    assert [(one.content, one.exact) for one in tabs.redirects] == [("a\n", True)]
    assert not only("cat <<EOF\n$x\nEOF\n").redirects[0].exact
    assert here.redirects[0].content == "a b"


def test_what_stands_after_a_document_on_its_line_counts() -> None:
    found = script("a && tee <<EOF /f\nx\nEOF\nb <<E >/dev/null || c\nE\nd <<E | e\nE\necho >/g h\n")

    assert found.understood
    assert [(one.words, one.within) for one in found.commands] == [
        (("a",), ()),
        (("tee", "/f"), (Within.AND,)),
        (("b",), ()),
        (("c",), (Within.OR,)),
        (("d",), (Within.PIPE,)),
        (("e",), (Within.PIPE,)),
        (("echo", "h"), ()),
    ]
    assert [one.operator for one in found.commands[2].redirects] == ["<<", ">"]
    assert [one.target for one in found.commands[-1].redirects] == ["/g"]


def test_tests_are_commands() -> None:
    (found,) = [one for one in script('if [ "$(id -u)" = 0 ]; then b; fi').commands if one.program == "["]

    assert found.words == ("[", None, "=", "0", "]")
    assert Within.CONDITION in found.within


@pytest.mark.parametrize("text", ["a && x &", "x >/f &", "x | a & b", "{ x & a; }", "if a; then x & fi"])
def test_all_that_stands_before_an_ampersand_runs_in_the_background(text: str) -> None:
    background = {one.program for one in script(text).commands if Within.BACKGROUND in one.within}

    assert "x" in background
    assert "b" not in background


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30_000 + "x$a" + ")" * 30_000,
        "while a; do " * 3_500 + "x" + "; done" * 3_500,
        "for i in a; do " * 2_900 + "x" + "; done" * 2_900,
        "a$b | " * 10_000 + "x",
        "a$b && " * 9_000 + "x",
    ],
    ids=["brackets", "while", "for", "pipes", "and"],
)
def test_a_script_that_strangers_made_to_take_long_does_not(text: str) -> None:
    began = time.process_time()
    script(text)

    assert time.process_time() - began < 5


def test_places_are_characters() -> None:
    text = "echo 'é' && chown -R ü:ü /dätä > /f"

    _echo, chown = script(text).commands

    assert chown.span.of(text) == "chown -R ü:ü /dätä"
    assert [place.of(text) for place in chown.places] == ["chown", "-R", "ü:ü", "/dätä"]


@pytest.mark.parametrize(
    "text",
    [
        "if a; then",
        "a 'b",
        "(a",
        "a )",
        "a && && b",
        "a\0b",
        "x" * 70000 + "'",
        "${" * 2000,
        "$(" * 3000,
        "'" + "a" * 9,
    ],
)
def test_what_does_not_parse_is_not_understood(text: str) -> None:
    began = time.monotonic()

    assert not script(text).understood
    assert time.monotonic() - began < 5


def test_a_plain_script_is_read_as_the_grammar_reads_it() -> None:
    pieces = ["a", "b-c", "x=1", "/d/e.f", "&&", ";", " ", "\t", "--g=h", "*.i", "if", "1", "export", ",", "!"]
    generator = random.Random(7)  # noqa: S311 — no secret
    compared = 0
    for _round in range(3000):
        text = "".join(generator.choice(pieces) + generator.choice(["", " "]) for _n in range(generator.randint(1, 9)))
        if (found := plain(text)) is not None:
            assert found == reading.parsed(text, {})
            compared += 1
    assert compared > 300


def test_a_body_knows_its_place_in_the_dockerfile() -> None:
    source = "FROM a\nRUN --network=none one && \\\n# c\n  chown -R 1 /x && \\\n  three\n"

    found = body(source)

    (chown,) = [one for one in found.script.commands if one.program == "chown"]
    assert found.source(chown.span).of(source) == "chown -R 1 /x"
    changed = spliced(source, [Edit(found.source(chown.places[2]), "2")])
    assert changed == source.replace("-R 1", "-R 2")


@pytest.mark.parametrize(
    "run",
    [
        "RUN <<EOF\na\nchown 1 /x\nEOF\n",
        "RUN <<-EOF bash -e\n\ta\n\tchown 1 /x\n\tEOF\n",
        "RUN sh <<'EOF'\nchown 1 /x\nEOF\n",
        "RUN <<EOF\n#!/usr/bin/env bash\nchown 1 /x\nEOF\n",
        "RUN <<EOF\n#!/bin/bash -ex\nchown 1 /x\nEOF\n",
        "RUN <<EOF\n#! /usr/bin/env -S LANG=C bash -e\nchown 1 /x\nEOF\n",
        "RUN <<-EOF\n\t#!/bin/sh\n\tchown 1 /x\nEOF\n",
        "RUN cat <<EOF >/y && chown 1 /x\nb\nEOF\n",
        'RUN ["chown", "1", "/x"]\n',
    ],
)
def test_every_form_of_run_has_a_body(run: str) -> None:
    source = "FROM a\n" + run

    found = body(source)

    assert found.script.understood
    (chown,) = [one for one in found.script.commands if one.program == "chown"]
    assert chown.words == ("chown", "1", "/x")
    assert found.source(chown.places[2]).of(source).strip('"') == "/x"


def test_a_document_for_something_else_is_no_script() -> None:
    source = "FROM a\nRUN <<EOF\n#!/usr/bin/env python3\nchown 1 /x\nEOF\n"
    other = "FROM a\nRUN python3 <<EOF\nchown\nEOF\n"

    assert not body(source).script.understood
    assert [one.program for one in body(other).script.commands] == ["python3"]


def test_a_health_check_and_an_empty_command() -> None:
    assert body('FROM a\nHEALTHCHECK CMD ["curl", "x"]\n').script.commands[0].words == ("curl", "x")
    assert body("FROM a\nHEALTHCHECK CMD curl x\n").script.commands[0].words == ("curl", "x")
    assert bodies(parse("FROM a\nCMD\n").instructions[-1]) == ()
    assert bodies(parse("FROM a\nCMD []\n").instructions[-1]) == ()
