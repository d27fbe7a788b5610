"""Applications that people have, from as they are to proved: who runs, the fix, and the fixed one asked again.

Each is built and run twice: as it is, and fixed, with a number as its user, no capability, a read-only root filesystem
and ports from 1024. It has to answer as before. The images that they begin with stand in for the public ones
(`tests.support.bases`): no registry is reachable.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.apps import APPS, App
from tests.support.cli import UcRunner
from tests.support.containers import Workshop
from tests.support.fixes import planned, source_of

from undercurrent.hardening.fixing import FixPlan
from undercurrent.hardening.model.nouns import Identity
from undercurrent.hardening.runside import RunSide
from undercurrent.splices import spliced

FIXED = [app for app in APPS if not app.unfixed]
LEFT = [app for app in APPS if app.unfixed]


def test_there_are_enough_of_them() -> None:
    assert len(FIXED) >= 25


@pytest.mark.parametrize("app", FIXED, ids=lambda app: app.name)
def test_it_is_fixed_and_answers_as_before(containers: Workshop, run_uc: UcRunner, tmp_path: Path, app: App) -> None:
    before, after = app.copy(tmp_path / "before"), app.copy(tmp_path / "after")
    plan = fix(after)

    assert plan.image.runner.identity is not Identity.ROOTLESS or plan.image.runner.text.isalpha()
    assert not plan.unfixed
    assert plan.run is not None
    written = {state.path for state in (*plan.run.tmpfs, *plan.run.volumes)}
    assert written >= set(app.writes)
    again = planned((after / "Dockerfile").read_text(), after)
    assert again.image.runner.identity is Identity.ROOTLESS
    assert again.edits == {}, "a second fix finds nothing to do"

    asked = ("--probe", app.after, "--probe-before", app.probe, "--stay", "0.5")
    proved = run_uc(
        "harden", "prove", after, "--before", before, *asked, *flags(plan.run), "--json", env=containers.environ
    )
    assert proved.exit_code == 0, proved.stderr + proved.stdout
    assert proved.json["data"]["verdict"] == "rootless"
    assert proved.json["data"]["missing"] == []


@pytest.mark.parametrize("app", LEFT, ids=lambda app: app.name)
def test_what_is_not_fixed_says_why(tmp_path: Path, app: App) -> None:
    plan = fix(app.copy(tmp_path))

    assert [one.kind for one in plan.unfixed] == [app.unfixed]
    assert all(one.reason and one.line for one in plan.unfixed)
    assert plan.edits == {}


def fix(folder: Path) -> FixPlan:
    """Fixes what is in the folder, also by what is not safe."""
    file = folder / "Dockerfile"
    plan = planned(file.read_text(), folder)
    fixed = source_of(plan)
    for name, edits in plan.edits.items():
        if name != plan.image.dockerfile.name:
            path = folder / name
            path.write_text(spliced(path.read_text(), edits))
    file.write_text(fixed)
    return plan


def flags(run: RunSide) -> Iterator[str]:
    """How the fix says that it is to be run."""
    yield from ("--user", run.named_user)
    for state in run.tmpfs:
        yield from ("--tmpfs", state.path)
    for state in run.volumes:
        yield from ("--volume", state.path)
    for name, value in run.environment.items():
        yield from ("--env", f"{name}={value}")
