"""The four verdicts, on a registry that answers and on one that does not: silence is never read as "unsigned"."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.support.registry import FakeRegistry, Fault

from undercurrent.evidence import Record, open_store
from undercurrent.fleet import Summary
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings, data_folder
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import BOTH, sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, Verification
from undercurrent.workflows.each import Search
from undercurrent.workflows.estate import Places, locate_all
from undercurrent.workflows.verifying import verify_images

SIGNED, UNSIGNED, STRANGE = "signed:1.0", "unsigned:1.0", "strange:1.0"
REFERRERS, LEGACY = "/referrers/", r"/manifests/sha256-[0-9a-f]+\.sig"


@pytest.fixture
async def registry(settings: Settings, signer: PrivateKey) -> AsyncIterator[FakeRegistry]:
    """A registry with an image that is signed, one that is not, and one that somebody else signed."""
    async with FakeRegistry() as running:
        for name in (SIGNED, UNSIGNED, STRANGE):
            repository, _colon, tag = name.partition(":")
            running.put_image(repository, tag, layers=(repository.encode(),))
        async with Stores(settings) as stores:
            await sign(await stores.image(f"{running.host}/{SIGNED}"), KeySignatory(signer), formats=BOTH)
            await sign(
                await stores.image(f"{running.host}/{STRANGE}"), KeySignatory(PrivateKey.generate()), formats=BOTH
            )
        running.seen.clear()
        yield running


async def verify(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey, *names: str, deep: bool = False
) -> Summary[Verification]:
    async with Stores(settings) as stores:
        found = locate_all([f"{registry.host}/{name}" for name in names], Places(), stores, settings)
        return await verify_images(found, Trust((signer.public,)), settings, deep=deep, observer=silent)


def verdicts(summary: Summary[Verification]) -> list[Verdict]:
    """Of each image; one that could not even be found has none."""
    return [success.result.verdict for success in summary.results]


def records() -> list[Record]:
    with open_store(f"sqlite:///{data_folder()}/evidence.db") as store:
        return list(store.query(newest=False))


@pytest.mark.parametrize("referrers", [True, False])
async def test_each_verdict(registry: FakeRegistry, settings: Settings, signer: PrivateKey, referrers: bool) -> None:
    registry.referrers = referrers

    summary = await verify(registry, settings, signer, SIGNED, UNSIGNED, STRANGE)

    assert verdicts(summary) == [Verdict.VERIFIED, Verdict.UNSIGNED, Verdict.UNTRUSTED]
    assert sorted(record.outcome for record in records()) == ["unsigned", "untrusted", "verified"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 401}, "unauthorized"),
        ({"status": 403}, "unauthorized"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, "rate-limited"),
        ({"status": 500}, "remote-fault"),
        ({"status": 503}, "remote-fault"),
        ({"reset": True}, "unreachable"),
        ({"delay_s": 5.0}, "timed-out"),
        ({"status": 302}, "unexpected-answer"),
    ],
)
@pytest.mark.parametrize("where", [REFERRERS, LEGACY])
@pytest.mark.parametrize("name", [UNSIGNED, STRANGE])
async def test_a_place_that_does_not_answer_makes_nobody_unsigned(
    registry: FakeRegistry,
    settings: Settings,
    signer: PrivateKey,
    name: str,
    where: str,
    fault: dict[str, Any],
    code: str,
) -> None:
    registry.fail(Fault(path=where, times=None, **fault))

    (verification,) = [success.result for success in (await verify(registry, settings, signer, name)).results]

    assert verification.verdict is Verdict.COULD_NOT_CHECK, verification
    assert code in {problem.code for problem in verification.problems}


@pytest.mark.parametrize("fault", [{"cut_at": 10}, {"corrupt": True}])
@pytest.mark.parametrize(("name", "where"), [(UNSIGNED, REFERRERS), (STRANGE, REFERRERS), (STRANGE, LEGACY)])
async def test_an_answer_that_is_damaged_makes_nobody_unsigned(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey, name: str, where: str, fault: dict[str, Any]
) -> None:
    registry.fail(Fault(path=where, times=None, **fault))

    (verdict,) = verdicts(await verify(registry, settings, signer, name))

    assert verdict in {Verdict.COULD_NOT_CHECK, Verdict.UNTRUSTED}


@pytest.mark.parametrize("where", [REFERRERS, LEGACY])
async def test_one_acceptable_signature_is_enough_though_the_other_place_is_silent(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey, where: str
) -> None:
    registry.fail(Fault(path=where, status=500, times=None))

    assert verdicts(await verify(registry, settings, signer, SIGNED)) == [Verdict.VERIFIED]


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_an_image_that_cannot_be_found_out_about_is_a_failure_and_on_record(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey, status: int
) -> None:
    registry.fail(Fault("GET|HEAD", f"/{UNSIGNED.replace(':', '/manifests/')}", status=status, times=None))

    summary = await verify(registry, settings, signer, UNSIGNED, SIGNED)

    assert verdicts(summary) == [Verdict.VERIFIED]
    assert [failed.error.exit_code for failed in summary.failures] == [4]
    assert sorted((record.outcome, record.name) for record in records()) == [
        ("could-not-check", f"{registry.host}/{UNSIGNED}"),
        ("verified", f"{registry.host}/{SIGNED}"),
    ]


async def test_a_manifest_that_was_changed_is_not_verified(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    held = registry.repositories["signed"]
    digest = held.tags["1.0"]
    held.manifests[digest] = (held.manifests[digest][0], held.manifests[digest][1] + b" ")

    summary = await verify(registry, settings, signer, SIGNED)

    assert Verdict.VERIFIED not in verdicts(summary)
    codes = [failed.error.code for failed in summary.failures] + [one.result.reason for one in summary.results]
    assert codes == ["digest-mismatch"]


async def test_a_layer_that_was_changed_is_seen_when_it_is_read(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    held = registry.repositories["signed"]
    (layer,) = [digest for digest, blob in held.blobs.items() if blob == b"signed"]
    held.blobs[layer] = b"sIgned"

    assert verdicts(await verify(registry, settings, signer, SIGNED)) == [Verdict.VERIFIED]
    (deep,) = (await verify(registry, settings, signer, SIGNED, deep=True)).results
    assert (deep.result.verdict, deep.result.reason) == (Verdict.UNTRUSTED, "digest-mismatch")


async def test_signatures_of_another_image_in_the_place_of_its_own(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    registry.referrers = False
    mine, theirs = registry.repositories["unsigned"], registry.repositories["signed"]
    mine.blobs |= theirs.blobs
    mine.manifests |= theirs.manifests
    for ending in (".sig", ""):
        stolen = theirs.tags["sha256-" + theirs.tags["1.0"].partition(":")[2] + ending] if ending else None
        if stolen:
            mine.tags["sha256-" + mine.tags["1.0"].partition(":")[2] + ending] = stolen

    (found,) = (await verify(registry, settings, signer, UNSIGNED)).results

    assert (found.result.verdict, found.result.reason) == (Verdict.UNTRUSTED, "other-image")


@pytest.mark.parametrize("retries", [0, 1])
async def test_a_registry_is_greeted_once_by_the_search_and_what_is_done_then(
    registry: FakeRegistry, settings: Settings, signer: PrivateKey, retries: int
) -> None:
    """Stores that were opened with other settings are not gone on with."""
    mine = replace(settings, net=replace(settings.net, retries=retries))
    async with Stores(settings) as stores:
        found = Search(locate_all([f"{registry.host}/{SIGNED}"], Places(), stores, settings), stores)
        summary = await verify_images(found, Trust((signer.public,)), mine, observer=silent)

    assert verdicts(summary) == [Verdict.VERIFIED]
    assert registry.count("GET", "/v2/$") == 1 + (mine != settings)
