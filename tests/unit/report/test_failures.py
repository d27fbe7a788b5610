"""What could not be done: each once, and what the command ends with."""

import pytest

from undercurrent.errors import BadContent, EnvironmentLacks, NotFound, Unauthorized, UndercurrentError
from undercurrent.fleet import Failed
from undercurrent.report.failures import as_data, exit_code, listed
from undercurrent.report.markdown import markdown
from undercurrent.report.model import Report

DIGEST = "sha256:" + "1f2e3d4c5b6a7980" * 4
FINDINGS, USAGE, LACKING, NOT_CHECKED = BadContent("x"), NotFound("x"), EnvironmentLacks("x"), Unauthorized("x")


@pytest.mark.parametrize(
    ("errors", "codes", "expected"),
    [
        ((), (), 0),
        ((), (0, 0), 0),
        ((USAGE,), (), 2),
        ((USAGE, LACKING), (), 3),
        ((USAGE, LACKING, NOT_CHECKED), (), 4),
        ((USAGE, LACKING, NOT_CHECKED, FINDINGS), (), 1),
        ((USAGE,), (0, 4), 4),
        ((USAGE,), (1, 4), 1),
        ((NOT_CHECKED,), (1,), 1),
        ((FINDINGS,), (4, 0), 1),
    ],
)
def test_a_sure_no_outweighs_could_not_check_which_outweighs_the_rest(
    errors: tuple[UndercurrentError, ...], codes: tuple[int, ...], expected: int
) -> None:
    failures = [Failed(f"app:{number}", error) for number, error in enumerate(errors)]

    assert exit_code(failures, codes) == expected
    assert exit_code(failures[::-1], codes) == expected


def test_people_get_a_branch_for_each_with_what_to_do() -> None:
    failures = [Failed(f"oci:images:app@{DIGEST}", NotFound("it is gone", hint="look elsewhere")), Failed("b", USAGE)]

    assert markdown(Report("test", {}, listed(failures))).splitlines() == [
        "- could not be done",
        "  - oci:images:app@sha256:1f2e3d4c5b6a…",
        "    - it is gone",
        "    - look elsewhere",
        "  - b",
        "    - x",
    ]
    assert listed([]) == []


def test_machines_get_them_whole() -> None:
    assert as_data([Failed(f"app@{DIGEST}", NotFound("it is gone", hint="look elsewhere"))]) == [
        {"name": f"app@{DIGEST}", "code": "not-found", "message": "it is gone", "hint": "look elsewhere"}
    ]
