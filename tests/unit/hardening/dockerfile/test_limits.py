"""However large or twisted a Dockerfile is, reading it ends soon, and says what was not read."""

import time

import pytest

from undercurrent.errors import BadContent, UndercurrentError
from undercurrent.hardening.dockerfile import parse, scopes, stages, unparse
from undercurrent.hardening.dockerfile.parsing import LARGEST
from undercurrent.hardening.shell import bodies

SIZE = 3 << 20
LONGEST_S = 20.0
"""Processor time, on a machine that is busy; alone it is a tenth of it."""

CASES = {
    "line": b"RUN " + b"x" * SIZE,
    "flags": b"COPY " + b"--a " * (SIZE // 4),
    "escaped flag": b"COPY --a=" + b"\\x" * (SIZE // 2),
    "quoted flag": b"COPY --a=" + b"'x'" * (SIZE // 3),
    "pairs": b"ENV " + b"a=b " * (SIZE // 4),
    "escaped value": b"ENV a=" + b"\\x" * (SIZE // 2),
    "quotes": b"ENV a=" + b'""' * (SIZE // 2),
    "zeros": b"\0" * SIZE,
    "run of zeros": b"FROM a\nRUN " + b"\0" * 60_000,
    "continuations": b"RUN x \\\n" + b"\\\n" * (SIZE // 2),
    "comments within": b"RUN x \\\n" + b"# c\n" * (SIZE // 4),
    "empty lines within": b"RUN x \\\n" + b"\n" * SIZE,
    "document that does not end": b"RUN <<E\n" + b"x\n" * (SIZE // 2),
    "many documents": b"RUN " + b"<<A " * (SIZE // 4),
    "documents": b"RUN <<A\n" * (SIZE // 8),
    "stages": b"FROM a\n" * (SIZE // 7),
    "chain of stages": b"".join(b"FROM s%d AS s%d\n" % (number, number + 1) for number in range(20_000)),
    "strings": b'CMD ["' + b'","' * (SIZE // 3) + b'"]',
    "brackets": b"CMD " + b"[" * SIZE,
    "number": b"CMD [" + b"9" * SIZE + b"]",
    "triggers": b"ONBUILD " * (SIZE // 8),
    "empty lines": b"\n" * SIZE,
    "directive": b"# escape=" + b" " * SIZE + b"x",
    "spaces": b"RUN" + b" " * SIZE + b"x",
    "no UTF-8": b"\xff" * SIZE,
    "openers": b"RUN " + b"<< " * (SIZE // 3),
    "substitutions": b"RUN <<E " + b"${a:-" * (SIZE // 5),
    "variables": b"FROM a\n" + b"".join(b"ENV A%d=$A%d$A%d\n" % (n + 1, n, n) for n in range(20_000)),
    "large variables": b"FROM a\nENV A=" + b"x" * 60_000 + b"\n" + b"ENV B=$A.\nENV C=.$A\n" * 10_000,
    "arguments": b"ARG A="
    + b"x" * 60_000
    + b"\n"
    + b"".join(b"ARG B%d=$A.\n" % n for n in range(50_000))
    + b"FROM a\n",
    "patterns": b"FROM a\nENV A=" + b"a" * 1_000 + b"\n" + b"ENV B=${A/a*a*a*a*b/x}\n" * 1_000,
    "arguments of a shell": b"FROM a\n" + b"RUN " + b"$(" * 30_000 + b"\n",
}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_soon(name: str) -> None:
    content = CASES[name]
    began = time.process_time()

    read = parse(content)
    problem = None
    try:
        for stage in stages(read):
            for _scope in scopes(stage):
                pass
    except UndercurrentError as error:
        problem = error
    for instruction in read.instructions[:100]:
        bodies(instruction, {}, read.source)

    assert time.process_time() - began < LONGEST_S
    assert unparse(read) == content
    assert [node.span.start for node in read.nodes] == [0, *(node.span.end for node in read.nodes[:-1])]
    assert read.faults or problem or name in ("run of zeros", "patterns", "arguments of a shell")
    assert len(read.faults) <= 100


def test_the_rest_of_a_long_file_is_kept_and_told() -> None:
    content = b"FROM a\n" + b"# comment\n" * (LARGEST // 10) + b"FROM b\n"

    read = parse(content)

    assert [one.keyword for one in read.instructions] == ["FROM", ""]
    assert unparse(read) == content
    assert "1,048,576" in read.faults[-1].message


def test_more_than_a_thousand_stages_are_refused() -> None:
    assert len(stages(parse("FROM a\n" * 1000))) == 1000
    with pytest.raises(BadContent, match="line 1001"):
        stages(parse("FROM a\n" * 1001))
