"""Programs that do something as root when they start, or write beside their code: audited, fixed, proved without root.

Each is built and run twice: as it is, and fixed, with a number as its user, no capability, a read-only root filesystem
and ports from 1024. It has to answer as before. The images that they begin with stand in for the public ones
(`tests.support.bases`): no registry is reachable.
"""

import pytest
from tests.support.apps import App, fixable, named
from tests.support.cli import UcRunner
from tests.support.containers import Workshop
from tests.support.rootless import harden, show_rootless


@pytest.mark.parametrize("app", fixable("start"), ids=named)
def test_it_is_proved_after_its_fix(containers: Workshop, run_uc: UcRunner, app: App) -> None:
    show_rootless(harden(app, run_uc, containers.environ), app)
