"""A machine whose clock is wrong by years signs and verifies all the same, and says so where that cannot be."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import pytest
from tests.support.background import in_background
from tests.support.cli import Result, UcRunner, command_line_environment
from tests.support.faultproxy import FaultProxy
from tests.support.faults import Fault
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer
from tests.support.standing import check_signed_once, push_fleet, repository_at
from tests.support.tls import Authority

from undercurrent.evidence import open_store
from undercurrent.signing.keys import PrivateKey, PublicKey, write_key_pair

IMAGES: Final = 2
CLOCKS: Final = ("-10y", "+10y", "@1970-01-01 00:00:10")


@dataclass(frozen=True, slots=True)
class Skewed:
    """Runs ``uc`` with a clock of its own, as faketime takes it; "" is the right one."""

    run_uc: UcRunner

    def __call__(self, clock: str, *arguments: str, **variables: str) -> Result:
        if not clock:
            return self.run_uc(*arguments, env={"COSIGN_PASSWORD": "", **variables})
        ran = subprocess.run(
            [require_peer("faketime"), "-f", clock, Path(sys.executable).with_name("uc"), *arguments],
            cwd=self.run_uc.folder,
            env=command_line_environment(self.run_uc.home, COSIGN_PASSWORD="", **variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Result(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def skewed(run_uc: UcRunner) -> Skewed:
    return Skewed(run_uc)


@pytest.fixture
def key(run_uc: UcRunner) -> PublicKey:
    made = PrivateKey.generate()
    write_key_pair(made, run_uc.folder / "cosign.key", b"")
    return made.public


@pytest.fixture
def proxy(distribution3: RegistryServer) -> Iterator[FaultProxy]:
    with in_background(FaultProxy(distribution3.host)) as running:
        yield running


async def push(registry: RegistryServer, name: str) -> None:
    async with repository_at(registry.host, name) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(IMAGES)])


@pytest.mark.parametrize("clock", CLOCKS, ids=["behind", "ahead", "new"])
async def test_signing_and_verifying(
    skewed: Skewed, proxy: FaultProxy, distribution3: RegistryServer, key: PublicKey, repository_name: str, clock: str
) -> None:
    """The registry asks for a pause, until a moment by its own clock."""
    await push(distribution3, repository_name)
    place = ("--all", "--registry", f"{proxy.host}/{repository_name}", "--json")
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=4), usegmt=True)
    proxy.fail(Fault("GET", "/manifests/", status=429, headers={"Retry-After": until}))

    signed = skewed(clock, "image", "sign", *place)

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    assert proxy.faults[0].met == 1
    for other in ("", clock):
        verified = skewed(other, "image", "verify", *place, "--key", "cosign.pub")
        assert verified.exit_code == 0, verified.stdout + verified.stderr
    again = skewed("", "image", "sign", *place)
    assert [image["changed"] for image in again.json["data"]["images"]] == [False] * IMAGES
    async with repository_at(distribution3.host, repository_name) as repository:
        await check_signed_once(repository, key, IMAGES)
    check_evidence(skewed.run_uc, clock)


def check_evidence(run_uc: UcRunner, clock: str) -> None:
    """Records stand in the order of the clock that wrote them; none is lost, whatever that said."""
    with open_store(f"sqlite:///{run_uc.home}/.local/share/undercurrent/evidence.db") as store:
        outcomes = [record.outcome for record in store.query(kind="image-signed", newest=False)]
    wrong, right = ["signed"] * IMAGES, ["already-signed"] * IMAGES
    assert outcomes == (right + wrong if clock.startswith("+") else wrong + right)


@pytest.mark.parametrize(
    ("clock", "reason"), [("-10y", "not yet valid"), ("+10y", "has expired")], ids=["behind", "ahead"]
)
async def test_tls_certificates_that_are_not_valid_by_our_clock(
    skewed: Skewed,
    distribution3: RegistryServer,
    key: PublicKey,
    repository_name: str,
    tmp_path: Path,
    clock: str,
    reason: str,
) -> None:
    await push(distribution3, repository_name)
    authority = Authority(tmp_path)
    with in_background(FaultProxy(distribution3.host, tls=authority.server("127.0.0.1"))) as proxy:
        command = ("image", "sign", f"{proxy.host}/{repository_name}:v0", "--json")

        refused = skewed(clock, *command, UNDERCURRENT_NET_CA_BUNDLE=str(authority.bundle))
        signed = skewed("", *command, UNDERCURRENT_NET_CA_BUNDLE=str(authority.bundle))

    assert refused.exit_code == 4, refused.stderr
    [failure] = refused.json["data"]["failures"]
    assert reason in failure["message"]
    assert "check the clock of this machine" in failure["hint"]
    assert signed.exit_code == 0, signed.stderr
