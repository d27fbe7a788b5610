"""One statement about many images: signed once, attached to each, found again; what fails stops nothing else."""

from collections.abc import AsyncIterator, Sequence

import pytest
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import NotFound, UsageError
from undercurrent.evidence import Record, open_store
from undercurrent.fleet import Summary
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings, data_folder
from undercurrent.signing.attest import Attested
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import BOTH
from undercurrent.signing.signatory import KeySignatory, Sealed
from undercurrent.signing.verify import Verdict, verify_attestation
from undercurrent.workflows.attesting import Predicate, attest_images, attest_jointly
from undercurrent.workflows.estate import Found, Lost, Places, find, locate_all

RELEASE = Predicate("https://example.com/release/v1", b'{"version": "1.0"}')


class Counting(KeySignatory):
    """Counts what it seals."""

    def __init__(self, signer: PrivateKey) -> None:
        super().__init__(signer)
        self.sealed = 0

    async def seal(self, payload: bytes, payload_type: str) -> Sealed:
        self.sealed += 1
        return await super().seal(payload, payload_type)


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    """A registry with one image."""
    async with FakeRegistry(referrers=False) as running:
        running.put_image("acme/app", "1.0")
        yield running


@pytest.fixture
async def found(layout: Layout, registry: FakeRegistry, settings: Settings) -> list[Found]:
    """Two images of a layout, and one of a registry."""
    async with Stores(settings) as stores:
        here = [item async for item in find(Places(layouts=(layout.path,)), stores, settings.images)]
        names = [f"{registry.host}/acme/app:1.0"]
        return [*here, *[item async for item in locate_all(names, Places(), stores, settings)]]


async def each(items: Sequence[Found]) -> AsyncIterator[Found]:
    for item in items:
        yield item


async def jointly(
    items: Sequence[Found], signatory: KeySignatory, settings: Settings, *, dry_run: bool = False
) -> Summary[Attested]:
    return await attest_jointly(each(items), RELEASE, signatory, BOTH, settings, dry_run=dry_run, observer=silent)


def records() -> list[Record]:
    with open_store(f"sqlite:///{data_folder()}/evidence.db") as store:
        return list(store.query(kind="image-attested", newest=False))


async def test_one_statement_is_signed_once_and_hangs_on_each(
    found: list[Found], registry: FakeRegistry, layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    signatory = Counting(signer)
    plan = await jointly(found, signatory, settings, dry_run=True)
    assert signatory.sealed == 0
    assert not (data_folder() / "evidence.db").exists()

    first, again = await jointly(found, signatory, settings), await jointly(found[::-1], signatory, settings)

    assert signatory.sealed == 1
    for summary, added in ((plan, BOTH), (first, BOTH), (again, ())):
        assert [success.result.added for success in summary.results] == [added] * 3
        assert {success.result.statement.digest for success in summary.results} == {
            plan.results[0].result.statement.digest
        }
    stated = first.results[0].result.statement
    names = ["acme/tool", "app", f"{registry.host}/acme/app"]
    assert sorted(subject.name for subject in stated.subjects) == sorted(names)
    assert [success.result.name for success in again.results] == [item.name for item in found[::-1]]  # type: ignore[union-attr]  # all were found
    assert {record.proof["statement"] for record in records()} == {stated.digest}
    assert {record.proof["subjects"] for record in records()} == {3}
    assert [record.outcome for record in records()] == ["attested"] * 3 + ["already-attested"] * 3
    async with Stores(settings) as stores:
        for place in (f"oci:{layout.path}:app:1.0", f"{registry.host}/acme/app:1.0"):
            image = await stores.image(place)
            verified = await verify_attestation(image, RELEASE.type, Trust((signer.public,)))
            assert (verified.verdict, verified.formats) == (Verdict.VERIFIED, BOTH)
            assert [statement.raw for statement in verified.statements] == [stated.raw]


async def test_what_fails_stops_nothing_else_and_is_done_the_next_time(
    found: list[Found], registry: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    signatory = Counting(signer)
    fault = Fault("PUT", "/acme/app/manifests/", status=403, times=None)
    registry.fail(fault)
    lost = Lost("gone:1.0", NotFound("there is no gone:1.0"))

    first = await jointly([*found, lost], signatory, settings)
    assert [failed.key for failed in first.failures] == [found[-1].key, "gone:1.0"]  # type: ignore[union-attr]  # it was found
    assert [success.result.added for success in first.results] == [BOTH] * 2
    fault.times = 0
    second = await jointly(found, signatory, settings)

    assert [success.result.added for success in second.results] == [(), (), BOTH]
    assert {success.result.statement.digest for success in second.results} == {
        success.result.statement.digest for success in first.results
    }


async def test_a_statement_about_more_or_others_is_another_one(
    found: list[Found], settings: Settings, signer: PrivateKey
) -> None:
    signatory = KeySignatory(signer)
    two = await jointly(found[:2], signatory, settings)
    three = await jointly(found, signatory, settings)
    assert [success.result.added for success in three.results] == [BOTH] * 3

    # What is said about all three is said about each, and about any two.
    fewer = await jointly(found[1:], signatory, settings)
    alone = await attest_images(each(found), RELEASE, signatory, BOTH, settings, observer=silent)
    for summary in (fewer, alone):
        assert {success.result.added for success in summary.results} == {()}
    assert two.results[0].result.statement.digest != three.results[0].result.statement.digest


async def test_one_image_twice_is_one_subject(
    found: list[Found], settings: Settings, signer: PrivateKey, layout: Layout
) -> None:
    async with Stores(settings) as stores:
        image = await stores.image(f"oci:{layout.path}:app:1.0")
        await layout.push_manifest(await image.manifest(), "app:latest")
        both = [item async for item in find(Places(layouts=(layout.path,)), stores, settings.images)]

    done = await jointly(both, KeySignatory(signer), settings)

    assert len(done.results) == 3
    assert sorted(success.result.added for success in done.results) == [(), BOTH, BOTH]
    assert len(done.results[0].result.statement.subjects) == 2


async def test_more_images_than_a_statement_may_have_are_refused(
    found: list[Found], settings: Settings, signer: PrivateKey, monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    monkeypatch.setattr("undercurrent.signing.statement.MAX_SUBJECTS", 2)
    before = (layout.path / "index.json").read_bytes()

    with pytest.raises(UsageError, match="at most 2 images, and these are 3") as refused:
        await jointly(found, KeySignatory(signer), settings)

    assert "--joint" in refused.value.hint
    assert (layout.path / "index.json").read_bytes() == before


@pytest.mark.parametrize("predicate", [Predicate("nonsense", b"{}"), Predicate("vuln", b"[]")])
async def test_a_predicate_that_is_none_is_refused_before_anything_is_looked_at(
    settings: Settings, signer: PrivateKey, predicate: Predicate
) -> None:
    async def nothing() -> AsyncIterator[Found]:
        pytest.fail("looked")
        yield

    with pytest.raises(UsageError):
        await attest_jointly(nothing(), predicate, KeySignatory(signer), BOTH, settings, observer=silent)
