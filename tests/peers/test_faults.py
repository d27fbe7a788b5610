"""Real registries over a bad network: a proxy between them and ``uc`` spoils what passes, at the socket.

Whatever happens, a command either gets through by trying again, or says that it could not check (4), never that an
image is not signed; and once the fault is over, the same command brings everything to where it would have been.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import pytest
from tests.support.background import in_background
from tests.support.cli import Result, UcRunner
from tests.support.faultproxy import FaultProxy
from tests.support.faults import Fault, mixture
from tests.support.seeds import seeded
from tests.support.servers import RegistryServer
from tests.support.standing import check_signed_once, check_whole, images_in, push_fleet, repository_at

from undercurrent.oci import mediatypes
from undercurrent.oci.manifest import build_index
from undercurrent.oci.registry import Credential
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, PublicKey, write_key_pair

IMAGES: Final = 4
VARIABLES: Final = {"COSIGN_PASSWORD": "", "UNDERCURRENT_NET_TIMEOUT_S": "2"}
HASTY: Final = {**VARIABLES, "UNDERCURRENT_NET_RETRIES": "1"}
"""Where a fault does not go away, there is no use in waiting for long."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Some images in a repository of a registry, reached through a proxy."""

    run_uc: UcRunner
    registry: RegistryServer
    proxy: FaultProxy
    repository: str
    key: PublicKey

    @property
    def place(self) -> str:
        """The repository, through the proxy."""
        return f"{self.proxy.host}/{self.repository}"

    def run(self, *arguments: str, env: dict[str, str] = VARIABLES) -> Result:
        """Runs a command; none ever shows a traceback."""
        result = self.run_uc(*arguments, env=env)
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def sign(self, env: dict[str, str] = VARIABLES) -> Result:
        """Signs all images."""
        return self.run("image", "sign", "--all", "--registry", self.place, "--json", env=env)

    def verify(self, env: dict[str, str] = VARIABLES) -> Result:
        """Verifies all images."""
        return self.run("image", "verify", "--all", "--registry", self.place, "--key", "cosign.pub", "--json", env=env)

    async def check(self, images: int = IMAGES, *, attested: bool = False) -> None:
        """Looks past the proxy: all is there, once."""
        async with repository_at(self.registry.host, self.repository) as repository:
            await check_signed_once(repository, self.key, images, attested=attested)
            await check_whole(repository)

    async def everything_about(self, name: str) -> str:
        """A pattern of the paths of all requests about one image."""
        async with repository_at(self.registry.host, self.repository) as repository:
            digest = (await repository.resolve(name)).digest
        return f"manifests/{name}$|{digest.encoded}"


def verdicts(result: Result) -> dict[str, str]:
    """Verdicts by tag; of an image that could not even be found, only a finding tells."""
    found = {image["name"]: image["verdict"] for image in result.json["data"]["images"]}
    lost = {failure["name"] for failure in result.json["data"]["failures"]}
    for finding in result.json["findings"]:
        if (name := finding["place"]["name"]) in lost:
            found[name] = finding["properties"]["verdict"]
    return {tag_of(name): verdict for name, verdict in found.items()}


def tag_of(name: str) -> str:
    """The tag in a name that may have a digest behind it."""
    return name.partition("@")[0].rpartition(":")[2]


REGISTRIES: Final = ("distribution3", "with_referrers")
"""One with fallback tags, one with the referrers API."""


def in_turn(faults: Iterable[str], *, both: Collection[str] = ()) -> list[object]:
    """Faults, each on one of the registries in turn; some on both."""
    cases = [
        (registry, fault)
        for number, fault in enumerate(faults)
        for registry in (REGISTRIES if fault in both else REGISTRIES[number % 2 :][:1])
    ]
    return [pytest.param(*case, id="-".join(case)) for case in cases]


@pytest.fixture(params=REGISTRIES)
async def fleet(request: pytest.FixtureRequest, run_uc: UcRunner, repository_name: str) -> AsyncIterator[Fleet]:
    """Fresh images on each of the two registries."""
    registry: RegistryServer = request.getfixturevalue(request.param)
    key = PrivateKey.generate()
    write_key_pair(key, run_uc.folder / "cosign.key", b"")
    async with repository_at(registry.host, repository_name) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(IMAGES)])
    with in_background(FaultProxy(registry.host)) as proxy:
        yield Fleet(run_uc, registry, proxy, repository_name, key.public)


def soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


LONG_AGO: Final = "Wed, 21 Oct 2015 07:28:00 GMT"
PASSING: Final = {
    "429": lambda: Fault(status=429, skip=3, times=2),
    "429 with seconds": lambda: Fault(status=429, headers={"Retry-After": "1"}, skip=3, times=2),
    "429 with a date": lambda: Fault(status=429, headers={"Retry-After": soon()}, skip=3, times=2),
    "429 with a date that is over": lambda: Fault(status=429, headers={"Retry-After": LONG_AGO}, skip=3, times=2),
    "429 with nonsense": lambda: Fault(status=429, headers={"Retry-After": "-5 soon"}, skip=3, times=2),
    "429 on writes": lambda: Fault("PUT|POST", status=429, times=4),
    "500": lambda: Fault(status=500, skip=3, times=2),
    "502 with a page": lambda: Fault(status=502, body=b"<html>bad gateway</html>", skip=5, times=2),
    "503 that was done all the same": lambda: Fault("PUT|POST", status=503, applied=True, skip=1, times=4),
    "504 on manifests": lambda: Fault("PUT", "/manifests/", status=504, times=2),
    "408": lambda: Fault(status=408, skip=3, times=2),
    "reset before": lambda: Fault(reset=True, skip=3, times=2),
    "reset on writes": lambda: Fault("PUT|POST", reset=True, times=4),
    "reset after it was done": lambda: Fault("PUT|POST", reset=True, applied=True, times=4),
    "reset after a manifest was stored": lambda: Fault("PUT", "/manifests/", reset=True, applied=True, times=2),
    "reset in an upload": lambda: Fault("PUT", "/blobs/", take=10, times=2),
    "answers cut off": lambda: Fault("GET", cut_at=40, skip=2, times=2),
    "manifests cut off": lambda: Fault("GET", "/manifests/", cut_at=100, times=2),
    "a short manifest": lambda: Fault("GET", "/manifests/", end_at=100),
    "a short blob": lambda: Fault("GET", "/blobs/", end_at=100),
    "other bytes in a manifest": lambda: Fault("GET", "/manifests/", corrupt=True),
    "other bytes in a blob": lambda: Fault("GET", "/blobs/", corrupt=True),
    "slow": lambda: Fault("GET", piece=64, piece_s=0.01, times=20),
    "late": lambda: Fault(delay_s=0.3, skip=2, times=8),
    "no word of the subject": lambda: Fault("PUT", headers={"OCI-Subject": None}, times=None),
    "no digest in answers": lambda: Fault(headers={"Docker-Content-Digest": None}, times=None),
    "no referrers API once": lambda: Fault("GET", "/referrers/", status=404, body=b"404 page not found"),
    "lists that get lost": lambda: Fault("PUT", "/manifests/sha256-[0-9a-f]+$", status=201, times=2),
    "old signatures that get lost": lambda: Fault("PUT", r"/manifests/sha256-[0-9a-f]+\.sig$", status=201, times=2),
}


BOTH: Final = (
    "reset after it was done",
    "503 that was done all the same",
    "no word of the subject",
    "no referrers API once",
    "lists that get lost",
    "old signatures that get lost",
)


@pytest.mark.parametrize(("fleet", "fault"), in_turn(PASSING, both=BOTH), indirect=["fleet"])
async def test_what_passes_is_survived(fleet: Fleet, fault: str) -> None:
    fleet.proxy.fail(PASSING[fault]())

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    await fleet.check()
    fleet.proxy.faults = [PASSING[fault]()]
    verified = fleet.verify()
    assert verified.exit_code == 0, verified.stdout + verified.stderr
    assert set(verdicts(verified).values()) == {"verified"}
    fleet.proxy.faults = [PASSING[fault]()]
    again = fleet.sign()
    assert [image["changed"] for image in again.json["data"]["images"]] == [False] * IMAGES, again.stdout


REFUSED: Final = {"digest-mismatch", "bad-content"}
"""Codes of errors about content that is not what it claims to be: that is a "no"; all others are no answer."""
LASTING: Final = {
    "429": (Fault(status=429), {"rate-limited"}),
    "429 for a day": (Fault(status=429, headers={"Retry-After": "86400"}), {"rate-limited"}),
    "500": (Fault(status=500), {"remote-fault"}),
    "503": (Fault(status=503, headers={"Retry-After": "0"}), {"remote-fault"}),
    "401": (Fault(status=401), {"unauthorized"}),
    "403": (Fault(status=403), {"unauthorized"}),
    "resets": (Fault(reset=True), {"unreachable"}),
    "resets after it was done": (Fault(reset=True, applied=True), {"unreachable"}),
    "answers cut off": (Fault("GET|PUT", cut_at=0), {"unreachable"}),
    "short": (Fault("GET", end_at=60), REFUSED),
    "other bytes": (Fault("GET", corrupt=True), REFUSED),
}


@pytest.mark.parametrize(("fleet", "fault"), in_turn(LASTING), indirect=["fleet"])
async def test_what_lasts_is_said_and_the_others_go_on(fleet: Fleet, fault: str) -> None:
    spoilt, codes = LASTING[fault]
    exit_code, verdict = (1, "untrusted") if codes is REFUSED else (4, "could-not-check")
    lasting = replace(spoilt, path=await fleet.everything_about("v1"), times=None)
    (fleet.run_uc.folder / "statement.json").write_text("{}")
    every = ("--all", "--registry", fleet.place, "--json")
    attest = ("image", "attest", "--type", "custom", "--predicate", "statement.json", *every)
    copy = ("image", "copy", f"{fleet.place}:v1", "oci:copy:v1", "--json")

    fleet.proxy.faults = [replace(lasting)]
    for command in (("image", "sign", *every), attest):
        result = fleet.run(*command, env=HASTY)
        assert result.exit_code == exit_code, result.stdout + result.stderr
        [failure] = result.json["data"]["failures"]
        assert failure["code"] in codes
        assert ":v1" in failure["name"]
        assert len(result.json["data"]["images"]) == IMAGES - 1
    copied = fleet.run(*copy, env=HASTY)
    assert (copied.exit_code, copied.json["error"]["code"] in codes) == (exit_code, True), copied.stdout
    verified = fleet.verify(HASTY)
    assert verified.exit_code == exit_code, verified.stdout
    assert verdicts(verified) == {"v0": "verified", "v1": verdict, "v2": "verified", "v3": "verified"}

    fleet.proxy.faults = []
    results = [fleet.sign(), fleet.run(*attest), fleet.run(*copy)]
    assert [result.exit_code for result in results] == [0, 0, 0], results
    await fleet.check(attested=True)
    fleet.proxy.faults = [replace(lasting)]
    listed = fleet.run("image", "list", "--registry", fleet.place, "--json", env=HASTY)
    signatures = {tag_of(image["name"]): image["signatures"] for image in listed.json["data"]["images"]}
    assert signatures.pop("v1", None) in (None, ["bundle", "legacy"])
    assert signatures == {name: ["bundle", "legacy"] for name in ("v0", "v2", "v3")}
    assert listed.exit_code in {0, exit_code}, listed.stdout
    assert verdicts(fleet.verify(HASTY)) == verdicts(verified)
    fleet.proxy.faults = []
    assert set(verdicts(fleet.verify()).values()) == {"verified"}


@pytest.mark.parametrize("fault", [Fault(delay_s=3.0), Fault("GET", piece=1, piece_s=0.1)], ids=["silence", "drops"])
async def test_who_takes_for_ever_is_given_up(fleet: Fleet, fault: Fault) -> None:
    assert fleet.sign().exit_code == 0
    slow = replace(fault, path=await fleet.everything_about("v1"), times=None)
    fleet.proxy.fail(slow)

    verified = fleet.verify(HASTY | {"UNDERCURRENT_NET_TIMEOUT_S": "1", "UNDERCURRENT_NET_RETRIES": "0"})

    assert verified.exit_code == 4
    assert verdicts(verified) == {"v0": "verified", "v1": "could-not-check", "v2": "verified", "v3": "verified"}
    assert "takes too long to answer" in verified.stdout


@pytest.mark.parametrize("fleet", ["with_referrers"], indirect=True)
async def test_a_registry_that_loses_referrers_gets_them_again(fleet: Fleet) -> None:
    """It says that they are listed now; and they are not."""
    lost = Fault("PUT", "/manifests/sha256:", status=201, headers={"OCI-Subject": "sha256:0"}, times=3)
    fleet.proxy.fail(lost)

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    assert lost.met == 3
    await fleet.check()
    fleet.proxy.fail(Fault("PUT", "/manifests/sha256:", headers={"OCI-Subject": "sha256:0"}, times=None))
    fleet.proxy.fail(Fault("GET", "/referrers/", body=NOTHING_LISTED, status=200, headers=AS_INDEX, times=None))
    async with repository_at(fleet.registry.host, fleet.repository) as repository:
        await push_fleet(repository, ["v4"])
    denied = fleet.run("image", "sign", f"{fleet.place}:v4", "--json")
    assert denied.exit_code == 4, denied.stdout
    assert "does not list it" in denied.json["data"]["failures"][0]["message"]


AS_INDEX: Final = {"Content-Type": mediatypes.OCI_INDEX}
NOTHING_LISTED: Final = build_index([]).raw


async def test_writers_that_know_nothing_of_each_other_lose_nothing(fleet: Fleet, tmp_path: Path) -> None:
    """Each reads a list before any of them writes it: a registry keeps what was written last."""
    keys, runners = [fleet.key], [fleet.run_uc]
    for number in range(2):
        home, folder = tmp_path / f"home{number}", tmp_path / f"work{number}"
        home.mkdir()
        folder.mkdir()
        key = PrivateKey.generate()
        write_key_pair(key, folder / "cosign.key", b"")
        keys.append(key.public)
        runners.append(UcRunner(home, folder))
    fleet.proxy.fail(Fault("GET|HEAD", "/manifests/sha256-", delay_s=0.2, times=None))

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda run_uc: replace(fleet, run_uc=run_uc).sign(), runners))

    assert [result.exit_code for result in results] == [0, 0, 0], results
    once = {(format_, key.hint): 1 for key in keys for format_ in (Format.BUNDLE, Format.LEGACY)}
    async with repository_at(fleet.registry.host, fleet.repository) as repository:
        for image in await images_in(repository):
            hanging = await attached(image, trust=Trust(tuple(keys)))
            checks = [item.check for item in hanging.attachments if item.check and item.check.accepted]
            assert Counter((check.format, check.hint) for check in checks) == once, image.name
        await check_whole(repository)


MANY: Final = 60


async def test_a_mixture_of_everything(fleet: Fleet) -> None:
    luck = seeded("UC_FAULTS_SEED")
    async with repository_at(fleet.registry.host, fleet.repository) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(IMAGES, MANY)])
    allowed = REFUSED | {"rate-limited", "remote-fault", "unreachable", "timed-out"}

    fleet.proxy.faults = mixture(luck)
    signed = fleet.sign()
    assert signed.exit_code in {0, 1, 4}, signed.stdout + signed.stderr
    assert {failure["code"] for failure in signed.json.get("data", {"failures": []})["failures"]} <= allowed, (
        signed.stdout
    )
    met = sum(fault.met for fault in fleet.proxy.faults)
    assert met > MANY, "next to nothing went wrong"
    fleet.proxy.faults = []
    assert fleet.sign().exit_code == 0
    await fleet.check(MANY)

    fleet.proxy.faults = mixture(luck)
    verified = fleet.verify()
    assert set(verdicts(verified).values()) <= {"verified", "could-not-check", "untrusted"}
    assert {failure["code"] for failure in verified.json["data"]["failures"]} <= allowed
    fleet.proxy.faults = []
    assert list(verdicts(fleet.verify()).values()) == ["verified"] * MANY


async def test_a_401_in_the_middle_where_a_password_is_asked_for(
    guarded_distribution3: RegistryServer, run_uc: UcRunner, repository_name: str
) -> None:
    """The password was shown, and is no better the second time: nobody can say, and the next run completes."""
    registry = guarded_distribution3
    key = PrivateKey.generate()
    write_key_pair(key, run_uc.folder / "cosign.key", b"")
    owner = Credential(registry.username, registry.password)
    async with repository_at(registry.host, repository_name, owner) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(IMAGES)])
    with in_background(FaultProxy(registry.host)) as proxy:
        login = ("login", proxy.host, "--username", registry.username, "--password-stdin")
        assert run_uc(*login, input=registry.password).exit_code == 0
        fleet = Fleet(run_uc, registry, proxy, repository_name, key.public)
        challenge = {"WWW-Authenticate": 'Basic realm="tests"'}
        proxy.fail(Fault("PUT", "/manifests/", status=401, headers=challenge, skip=2))

        signed = fleet.run("image", "sign", *(f"{fleet.place}:v{number}" for number in range(IMAGES)), "--json")

        assert signed.exit_code == 4, signed.stdout
        assert [failure["code"] for failure in signed.json["data"]["failures"]] == ["unauthorized"]
        again = fleet.run("image", "sign", *(f"{fleet.place}:v{number}" for number in range(IMAGES)), "--json")
        assert again.exit_code == 0, again.stdout
    async with repository_at(registry.host, repository_name, owner) as repository:
        await check_signed_once(repository, key.public, IMAGES)
        await check_whole(repository)
