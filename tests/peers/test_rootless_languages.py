"""Programs in many languages: audited, fixed, and proved without root.

Each is built and run twice: as it is, and fixed, with a number as its user, no capability, a read-only root filesystem
and ports from 1024. It has to answer as before. The images that they begin with stand in for the public ones
(`tests.support.bases`): no registry is reachable.
"""

import pytest
from tests.support.apps import App, fixable, named
from tests.support.cli import UcRunner
from tests.support.containers import Workshop
from tests.support.rootless import harden


@pytest.mark.parametrize("app", fixable("language"), ids=named)
def test_it_is_proved_after_its_fix(containers: Workshop, run_uc: UcRunner, app: App) -> None:
    seen = harden(app, run_uc, containers.environ)

    assert seen.before & {"UC101", "UC103"}, "it runs as root, or as a user that has a name and no number"
    assert not seen.after & {"UC101", "UC102", "UC103"}
    assert (seen.image["after"], seen.image["unfixed"]) == ("rootless", [])
    assert {*seen.image["run"]["tmpfs"], *seen.image["run"]["volumes"]} >= set(app.writes)
    assert seen.left == [], "a second fix finds nothing to do"
    assert seen.proved.exit_code == 0, seen.proved.stderr + seen.proved.stdout
    assert seen.proved.json["data"]["verdict"] == "rootless"
    assert seen.proved.json["data"]["missing"] == []
