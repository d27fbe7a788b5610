"""Diffs of text files."""

from undercurrent.report.unified import unified


def test_a_path_from_the_root_stays_one_that_patch_takes() -> None:
    assert unified("/srv/app/Dockerfile", "FROM a\n", "FROM b\n").splitlines()[:2] == [
        "--- a/srv/app/Dockerfile",
        "+++ b/srv/app/Dockerfile",
    ]


def test_carriage_returns_and_a_missing_end_are_kept() -> None:
    made = unified("Dockerfile", "FROM a\r\nUSER x", "FROM a\r\nUSER 1")

    assert made.endswith(" FROM a\r\n-USER x\n\\ No newline at end of file\n+USER 1\n\\ No newline at end of file\n")


def test_nothing_changed_is_nothing_said() -> None:
    assert unified("Dockerfile", "FROM a", "FROM a") == ""
