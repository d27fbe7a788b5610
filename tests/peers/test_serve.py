"""What is served, in a real browser and before Prometheus's own checker."""

import subprocess

import pytest
from tests.support.browser import browser
from tests.support.cli import UcRunner
from tests.support.dashboards import serving
from tests.support.peers import require_peer
from tests.support.sheets import filled_store


@pytest.mark.peer("promtool")
def test_prometheus_has_nothing_to_say_about_the_metrics(run_uc: UcRunner) -> None:
    checker = require_peer("promtool")
    filled_store(run_uc.folder / "evidence.db", 120)
    with serving(run_uc) as served:
        metrics = served.ask("/metrics").body
    checked = subprocess.run([checker, "check", "metrics"], input=metrics, capture_output=True, check=False)

    assert metrics.count(b"undercurrent_") > 20
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.peer("chromium")
async def test_the_page_is_quiet_in_a_browser_also_when_it_is_served(run_uc: UcRunner) -> None:
    filled_store(run_uc.folder / "evidence.db", 120)
    with serving(run_uc) as served:
        address = f"http://127.0.0.1:{served.port}/"
        async with browser() as tab:
            await tab.open(f"{address}?lang=zh")
            title = await tab.evaluate("document.querySelector('h1').innerText")
            sorts = await tab.evaluate("document.querySelectorAll('th button').length")

        assert title == "现状一览"
        assert sorts > 10
        assert tab.said == []
        assert set(tab.asked) <= {f"{address}?lang=zh"}
        assert served.process.poll() is None
