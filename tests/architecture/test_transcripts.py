"""What checks the documentation sees when it is wrong."""

from pathlib import Path

import pytest
from tests.support.transcripts import aligned, failed, home, rewritten, run, steps, unlike

DOCUMENT = """\
Text.

```console
$ printf 'one\\ntwo\\nthree\\n'
one
…
three
$ cat > file <<'END'
$ not a command
END
$ false
$ echo $?
1
```

```console
$ make believe
$ looks like a command
```
"""


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (["a", "b", "c"], [0, 1, 2]),
        (["…", "c"], [None, 2]),
        (["a", "…"], [0, None]),
        (["a", "…", "c"], [0, None, 2]),
        (["…", "b", "…"], [None, 1, None]),
        (["a", "c"], None),
        (["b", "c"], None),
        (["a", "b"], None),
        (["a", "…", "d"], None),
        (["c", "…", "a"], None),
    ],
)
def test_what_is_cut_is_marked_and_the_rest_is_in_order(shown: list[str], found: list[int | None] | None) -> None:
    assert aligned(shown, ["a", "b", "c"]) == found


def test_only_what_differs_from_run_to_run_may_differ() -> None:
    printed = ["packed sha256:" + "0" * 64 + " at 2026-11-22 14:40, 1.5 MB"]

    assert aligned(["packed sha256:" + "f" * 64 + " at 2027-01-01 00:00, 9 kB"], printed)
    assert not aligned(["signed sha256:" + "0" * 64 + " at 2026-11-22 14:40, 1.5 MB"], printed)


def test_commands_run_in_one_shell_and_are_told_from_what_they_print() -> None:
    shown = steps(DOCUMENT)

    assert [step.command.partition(" ")[0] for step in shown] == ["printf", "cat", "false", "echo", "make"]
    assert shown[1].command.splitlines()[1:] == ["$ not a command", "END"]
    assert shown[4].shown == ("$ looks like a command",)


def test_wrong_output_and_wrong_ends_are_found_and_written_anew() -> None:
    document = DOCUMENT.replace("three\n$ cat", "four\n$ cat").partition("```console\n$ make")[0]
    with home() as folder:
        ran = run(document, folder, replace={"one": "uno"})

    assert [text.partition("\n")[0] for text in unlike(ran)] == ["$ printf 'one\\ntwo\\nthree\\n'"]
    assert ran[0].printed == ("one", "two", "three"), "and what was replaced is put back"
    assert not failed(ran)
    assert [one.step.command for one in failed(ran[:3])] == ["false"]
    kept: list[list[int | None]] = [[0, None, 2], [], [], [0]]
    assert rewritten(document, ran, kept) == document.replace("four", "three")
    assert not Path(folder).exists()
