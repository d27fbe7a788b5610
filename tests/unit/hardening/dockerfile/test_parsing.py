"""A Dockerfile is read whole: no byte is lost, and every node knows where it stands."""

import pytest

from undercurrent.hardening.dockerfile import (
    Blank,
    Comment,
    Directive,
    Dockerfile,
    Instruction,
    parse,
    unparse,
)


def covered(read: Dockerfile) -> None:
    """Every character belongs to one node."""
    position = 0
    for node in read.nodes:
        assert node.span.start == position
        position = node.span.end
    assert position == len(read.source)


def only(source: str | bytes) -> Instruction:
    read = parse(source)
    covered(read)
    (found,) = read.instructions
    return found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"FROM a",
        b"FROM a\r\nRUN b \\\r\n\r\n# c\r\n  d\r\n",
        b"\xef\xbb\xbfFROM a\n",
        b"FROM\ta\n\n\n\tRUN x\n",
        b"RUN \xff\xfe \x00 \\\n \x80",
        b"RUN <<A <<-B\nx\nA\n\ty\n\tB\nUSER 1\n",
        b"RUN x \\",
        b"\\\n\\\n",
        b"# escape=`\nRUN a `\n b\\\n",
        b"FROM a\n\x0c\x0b\nRUN <<E",
        "FROM a\u0085\u2028b\x1c\n".encode(),
    ],
)
def test_no_byte_is_lost(content: bytes) -> None:
    read = parse(content)

    covered(read)
    assert unparse(read) == content


def test_an_instruction_with_continuations_is_one_line() -> None:
    source = 'FROM a\nrun one \\\n# comment\n\n  two && \\\n\tthree "x"\nUSER 1\n'

    _origin, run, user = parse(source).instructions

    assert (run.keyword, run.line, user.line) == ("RUN", 2, 7)
    assert run.text == 'one   two && \tthree "x"'
    assert run.logical.text == 'run one   two && \tthree "x"'
    assert run.span.of(source) == 'run one \\\n# comment\n\n  two && \\\n\tthree "x"\n'
    at = run.logical.text.index("three")
    assert source[run.logical.source(at) :].startswith('three "x"')
    assert run.logical.span(at - 3, at + 5).of(source) == "& \\\n\tthree"
    assert run.keyword_span.of(source) == "run"
    assert run.words[0].span.of(source) == 'one \\\n# comment\n\n  two && \\\n\tthree "x"'


def test_flags_and_words_know_their_places() -> None:
    source = 'COPY --chown=1:1 --link \\\n  --exclude="a b" src ["x\n'

    copy = only(source)

    assert [(flag.name, flag.value, flag.span.of(source)) for flag in copy.flags] == [
        ("chown", "1:1", "--chown=1:1"),
        ("link", None, "--link"),
        ("exclude", "a b", '--exclude="a b"'),
    ]
    assert [(word.text, word.span.of(source)) for word in copy.words] == [("src", "src"), ('["x', '["x')]
    assert copy.flag("link") == ""
    assert copy.flag("from") is None


def test_a_json_form_is_decoded_and_keeps_its_places() -> None:
    source = 'CMD [ "a\\"b" ,\t"\\u00e9\\ud800" ]\n'

    cmd = only(source)

    assert cmd.json
    assert [word.text for word in cmd.words] == ['a"b', "é\ufffd"]
    assert [word.span.of(source) for word in cmd.words] == ['"a\\"b"', '"\\u00e9\\ud800"']


@pytest.mark.parametrize(
    "text", ["['a']", '["a",]', '["a" "b"]', '["a"] x', '["a', "[NaN]", '["\x01"]', "[1e999]", "[" * 5000]
)
def test_what_is_no_json_is_a_command(text: str) -> None:
    run = only(f"RUN {text}")

    assert not run.json
    assert [word.text for word in run.words] == [text]


@pytest.mark.parametrize("text", ["[1]", '["a", ["b"]]', "[null]", '[{"a": 1}]'])
def test_an_array_of_something_else_is_refused(text: str) -> None:
    read = parse(f"FROM a\nRUN {text}")

    assert [fault.line for fault in read.faults] == [2]


def test_documents_are_read_up_to_their_words() -> None:
    source = 'FROM a\nCOPY <<one.txt <<-"two" \\\n /x/\nA $x\none.txt\n\tB\n\ttwo\nUSER 1\n'

    _origin, copy, user = parse(source).instructions

    one, two = copy.heredocs
    assert (one.name, one.expand, one.chomp, one.content, one.body.of(source)) == (
        "one.txt", True, False, "A $x\n", "A $x\n",
    )  # fmt: skip
    assert (two.name, two.expand, two.chomp, two.content, two.body.of(source)) == ("two", False, True, "B\n", "\tB\n")
    assert (one.opener.of(source), two.opener.of(source)) == ("<<one.txt", '<<-"two"')
    assert copy.span.of(source).endswith("\ttwo\n")
    assert user.line == 8


def test_onbuild_keeps_an_instruction_with_its_document() -> None:
    source = "ONBUILD \\\n RUN --network=none <<EOF\nx\nEOF\n"

    onbuild = only(source)

    trigger = onbuild.trigger
    assert trigger is not None
    assert (trigger.keyword, trigger.text, trigger.flag("network")) == ("RUN", "<<EOF", "none")
    assert trigger.keyword_span.of(source) == "RUN"
    assert [one.content for one in trigger.heredocs] == ["x\n"]
    assert trigger.span.end == onbuild.span.end == len(source)


def test_directives_stand_first_and_once() -> None:
    source = "#syntax=docker/dockerfile:1\n # ESCAPE = ` \n# check=error=true\n# escape=\\\nFROM a\n# syntax=b\n"

    read = parse(source)

    kinds = [type(node) for node in read.nodes]
    assert kinds == [Directive, Directive, Directive, Directive, Instruction, Comment]
    assert read.escape == "`"
    assert [(fault.line, "escape" in fault.message) for fault in read.faults] == [(4, True)]


def test_a_directive_after_a_comment_is_a_comment() -> None:
    read = parse("# hello\n# escape=`\nFROM a\n")

    assert [type(node) for node in read.nodes] == [Comment, Comment, Instruction]
    assert read.escape == "\\"


def test_empty_lines_are_one_node() -> None:
    read = parse("FROM a\n\n \n\nRUN b\n")

    assert [type(node) for node in read.nodes] == [Instruction, Blank, Instruction]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("", 1),
        ("# a\n", 1),
        ("ARG a\n", 1),
        ("RUN a\nFROM b\n", 1),
        ("FROM a\nFOO b\n", 2),
        ("FROM a b\n", 1),
        ("FROM a AS 1\n", 1),
        ("FROM --x=1 a\n", 1),
        ("FROM --platform a\n", 1),
        ("FROM a\nCOPY x\n", 2),
        ("FROM a\nCOPY x <<EOF\nEOF\n", 2),
        ("FROM a\nCOPY --from=$x a b\n", 2),
        ("FROM a\nCOPY --link=maybe a b\n", 2),
        ("FROM a\nCOPY --chown=1 --chown=2 a b\n", 2),
        ("FROM a\nENV\n", 2),
        ("FROM a\nENV x\n", 2),
        ("FROM a\nENV x=1 y\n", 2),
        ("FROM a\nENV =1\n", 2),
        ("FROM a\nUSER\n", 2),
        ("FROM a\nWORKDIR\n", 2),
        ("FROM a\nRUN --network=all x\n", 2),
        ("FROM a\nRUN --security=x x\n", 2),
        ("FROM a\nSHELL /bin/sh\n", 2),
        ("FROM a\nHEALTHCHECK\n", 2),
        ("FROM a\nHEALTHCHECK NONE x\n", 2),
        ("FROM a\nHEALTHCHECK CMD\n", 2),
        ("FROM a\nHEALTHCHECK ASK x\n", 2),
        ("FROM a\nHEALTHCHECK --interval=5 CMD x\n", 2),
        ("FROM a\nHEALTHCHECK --retries=-1 CMD x\n", 2),
        ("FROM a\nONBUILD\n", 2),
        ("FROM a\nONBUILD ONBUILD RUN x\n", 2),
        ("FROM a\nONBUILD FROM b\n", 2),
        ('FROM a\nVOLUME ["", "/a"]\n', 2),
        ("FROM a\nRUN <<EOF\nx\n", 2),
        ("FROM a\nRUN " + "x" * 65536 + "\n", 2),
        ("# escape=x\nFROM a\n", 1),
    ],
)
def test_what_buildkit_refuses_is_a_fault(source: str, line: int) -> None:
    read = parse(source)

    covered(read)
    assert [fault.line for fault in read.faults] == [line]


def test_a_file_that_builds_has_no_fault() -> None:
    source = """\
# syntax=docker/dockerfile:1
ARG BASE=alpine
FROM --platform=$BUILDPLATFORM ${BASE} AS one
ENV a b c
LABEL x="y z" q='r'
ADD --checksum=sha256:1 --keep-git-dir=true https://x /y
RUN --mount=type=cache,target=/c --mount=type=secret,id=s --network=none --security=sandbox x
HEALTHCHECK --interval=1m30s --timeout=.5s --retries=3 CMD ["x"]
HEALTHCHECK NONE
STOPSIGNAL 9
VOLUME /a /b
EXPOSE 80 443/tcp
SHELL ["/bin/sh", "-c"]
ONBUILD RUN x
MAINTAINER somebody
FROM one
COPY --from=one --parents --exclude=a --exclude=b --chmod=755 /a /b
USER 1
WORKDIR /
ENTRYPOINT x
CMD []
"""
    assert parse(source).faults == ()
