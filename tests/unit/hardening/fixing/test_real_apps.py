"""The applications that real engines prove (tests/peers): there are enough of them, and what is not fixed says why."""

from pathlib import Path

import pytest
from tests.support.apps import APPS, App, fixable, named
from tests.support.fixes import planned

KINDS = ("server", "language", "start")


def test_there_are_enough_and_each_is_proved_somewhere() -> None:
    assert {app.kind for app in APPS} == set(KINDS)
    assert sum(len(fixable(kind)) for kind in KINDS) >= 35


@pytest.mark.parametrize("app", [app for app in APPS if app.unfixed], ids=named)
def test_what_is_not_fixed_says_why_and_is_left_as_it_is(tmp_path: Path, app: App) -> None:
    folder = app.copy(tmp_path)
    plan = planned((folder / "Dockerfile").read_text(), folder)

    assert [one.kind for one in plan.unfixed] == [app.unfixed]
    assert all(one.reason and one.line for one in plan.unfixed)
    assert plan.edits == {}
