"""Images of an engine are signed and verified by their copies; a build that came later is not taken for its copy."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from tests.support.fakeengine import FakeEngine
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import Unsupported
from undercurrent.oci.digest import Digest
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import EvidenceSettings, ImagesSettings, NetSettings, Settings
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.checks import Trust
from undercurrent.signing.policy.patterns import ImagePattern
from undercurrent.signing.policy.policy import Authority, Policy, Quorum, Rule
from undercurrent.signing.sign import BOTH
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, Verification
from undercurrent.workflows.attesting import Predicate, attest_images
from undercurrent.workflows.estate import Found, Places, find, locate_all, wanted
from undercurrent.workflows.judging import judge_images
from undercurrent.workflows.listing import Listed, list_images
from undercurrent.workflows.signing import SignedImage, SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images

KEY = PrivateKey.generate()
TRUST = Trust((KEY.public,))


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeEngine]:
    """The only engine, in a home of its own."""
    for name in ("CONTAINER_HOST", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DATA", "STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    async with FakeEngine(tmp_path / "docker.sock") as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        net=NetSettings(retries=0),
        images=ImagesSettings(store=tmp_path / "store"),
        evidence=EvidenceSettings(url=f"sqlite:///{tmp_path / 'evidence.db'}"),
    )


def with_registry(settings: Settings, host: str) -> Settings:
    return replace(settings, images=replace(settings.images, default_registry=host))


async def chosen(names: tuple[str, ...], settings: Settings, stores: Stores) -> AsyncIterator[Found]:
    if names:
        found = locate_all(names, Places(), stores, settings, engine_first=True)
    else:
        found = find(wanted(settings, Places()), stores, settings.images)
    async for one in found:
        yield one


async def sign(settings: Settings, *names: str, dry_run: bool = False) -> list[SignedImage]:
    async with Stores(settings) as stores:
        found = chosen(names, settings, stores)
        options = SignOptions(dry_run=dry_run)
        summary = await sign_images(
            found, KeySignatory(KEY), options, settings, asked={"references": names}, observer=silent
        )
    assert not summary.failures, summary.failures
    return [success.result for success in summary.results]


async def verify(settings: Settings, *names: str) -> list[Verification]:
    async with Stores(settings) as stores:
        summary = await verify_images(chosen(names, settings, stores), TRUST, settings, observer=silent)
    assert not summary.failures, summary.failures
    return [success.result for success in summary.results]


async def listed(settings: Settings) -> dict[str, Listed]:
    async with Stores(settings) as stores:
        summary = await list_images(chosen((), settings, stores), settings, observer=silent)
    return {success.result.place.partition(":")[0]: success.result for success in summary.results}


async def test_what_was_signed_is_verified_by_every_name(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "localhost/myapp:v1.0")
    engine.names["myapp:v1.0"] = engine.names["localhost/myapp:v1.0"]

    (signed,) = await sign(settings, "myapp:v1.0")
    found = await verify(settings, "myapp:v1.0", "docker:myapp:v1.0", "docker:localhost/myapp:v1.0")

    assert (signed.brought_from, signed.place) == ("docker", f"oci:{settings.images.store}:myapp:v1.0")
    assert [one.verdict for one in found] == [Verdict.VERIFIED] * 3
    assert {one.digest for one in found} == {signed.digest}
    assert all(one.verdict is Verdict.VERIFIED for one in await verify(settings))


async def test_a_build_that_came_later_is_not_verified(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    await sign(settings, "myapp:v1.0")
    newer = engine.add("two", "myapp:v1.0")

    (found,) = await verify(settings, "myapp:v1.0")

    assert (found.verdict, found.reason, found.digest) == (Verdict.UNSIGNED, "other-build", newer)
    assert [problem.where for problem in found.problems] == [f"oci:{settings.images.store}:myapp:v1.0"]
    assert "docker has another build" in found.message
    await sign(settings, "myapp:v1.0")
    assert [one.verdict for one in await verify(settings, "myapp:v1.0")] == [Verdict.VERIFIED]


async def test_an_image_that_nobody_signed_is_unsigned(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")

    (found,) = await verify(settings, "myapp:v1.0")

    assert (found.verdict, found.reason) == (Verdict.UNSIGNED, "unsigned")
    assert "sign myapp:v1.0" in found.problems[0].hint
    assert settings.images.store
    assert not settings.images.store.exists()


async def test_a_policy_judges_an_image_of_an_engine_by_its_copy(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    key = ImagePattern("myapp:v1.*")
    asking = Rule("signed", (key,), signed_by=Quorum(("us",), 1))
    digest = Digest.of(b"")
    policies = {
        rule.name: Policy(Path("policy.toml"), digest, {"us": Authority("us", TRUST)}, (rule,))
        for rule in (asking, Rule("open", (key,)), Rule("other", (ImagePattern("other"),)))
    }

    async def judged(name: str) -> tuple[Verdict, str]:
        async with Stores(settings) as stores:
            found = chosen(("myapp:v1.0",), settings, stores)
            summary = await judge_images(found, policies[name], settings, observer=silent)
        (decision,) = [success.result for success in summary.results]
        return decision.verdict, decision.reason

    unsigned = [await judged(name) for name in policies]
    await sign(settings, "myapp:v1.0")
    signed = await judged("signed")
    engine.add("two", "myapp:v1.0")

    assert unsigned == [(Verdict.UNSIGNED, "unsigned"), (Verdict.ALLOWED, ""), (Verdict.DENIED, "no-rule")]
    assert signed == (Verdict.VERIFIED, "")
    assert await judged("signed") == (Verdict.UNSIGNED, "other-build")


async def test_a_name_without_tag_is_latest(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:latest")
    engine.names["myapp"] = engine.names["myapp:latest"]

    (signed,) = await sign(settings, "myapp")

    assert signed.place.endswith("store:myapp:latest")
    assert [one.verdict for one in await verify(settings, "myapp", "myapp:latest")] == [Verdict.VERIFIED] * 2
    engine.names.clear()
    assert [one.verdict for one in await verify(settings, "myapp")] == [Verdict.VERIFIED]


async def test_the_copy_is_in_the_default_registry_where_there_is_one(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "ghcr.io/acme/myapp:v1.0")
    async with FakeRegistry() as registry:
        there = with_registry(settings, registry.host)
        (signed,) = await sign(there, "docker:ghcr.io/acme/myapp:v1.0")
        (found,) = await verify(there, "docker:ghcr.io/acme/myapp:v1.0")
        engine.add("two", "ghcr.io/acme/myapp:v1.0")
        (later,) = await verify(there, "docker:ghcr.io/acme/myapp:v1.0")

    assert signed.place == f"{registry.host}/acme/myapp:v1.0"
    assert found.verdict is Verdict.VERIFIED
    assert (later.verdict, later.reason) == (Verdict.UNSIGNED, "other-build")


async def test_a_bare_name_means_the_default_registry_and_then_the_engine(
    engine: FakeEngine, settings: Settings
) -> None:
    engine.add("one", "myapp:v1.0")
    async with FakeRegistry() as registry:
        there = with_registry(settings, registry.host)
        (brought,) = await sign(there, "myapp:v1.0")
        (found,) = await sign(there, "myapp:v1.0")

    assert (brought.brought_from, brought.name) == ("docker", f"{registry.host}/myapp:v1.0")
    assert (found.brought_from, found.name, found.changed) == ("", f"{registry.host}/myapp:v1.0", False)


async def test_a_registry_that_does_not_answer_makes_nobody_unsigned(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    async with FakeRegistry() as registry, Stores(with_registry(settings, registry.host)) as stores:
        registry.fail(Fault(path="/manifests/", status=503, times=None))
        there = with_registry(settings, registry.host)
        found = chosen(("docker:myapp:v1.0",), there, stores)
        summary = await verify_images(found, TRUST, there, observer=silent)
        (row,) = (await listed(there)).values()

    assert [failed.error.code for failed in summary.failures] == ["remote-fault"]
    assert (row.signatures, row.sbom) == (None, None)
    assert row.problem


async def test_a_list_says_of_an_engines_image_what_its_copy_has(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    assert (await listed(settings))["docker"].signatures == ()
    await sign(settings, "myapp:v1.0")
    engine.asked.clear()

    assert (await listed(settings))["docker"].signatures == ("bundle", "legacy")
    engine.add("two", "myapp:v1.0")
    assert (await listed(settings))["docker"].signatures == ()
    assert not [path for path in engine.asked if path.endswith("/get")], "listing exports nothing"


async def test_what_a_build_left_without_a_name_is_nobodys_image(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    engine.add("two", "myapp:v1.0")

    assert [signed.name for signed in await sign(settings)] == ["myapp:v1.0"]


async def test_a_dry_run_says_which_engine_it_would_copy_from(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")

    (signed,) = await sign(settings, "myapp:v1.0", dry_run=True)

    assert signed.brought_from == "docker"
    assert not any(path.endswith("/get") for path in engine.asked)


async def test_an_attestation_goes_to_the_copy_or_nowhere(engine: FakeEngine, settings: Settings) -> None:
    engine.add("one", "myapp:v1.0")
    predicate = Predicate("openvex", b"{}")

    async def attest() -> tuple[list[str], list[type]]:
        async with Stores(settings) as stores:
            found = chosen(("myapp:v1.0",), settings, stores)
            summary = await attest_images(found, predicate, KeySignatory(KEY), BOTH, settings, observer=silent)
        digests = [str(success.result.digest) for success in summary.results]
        return digests, [type(failed.error) for failed in summary.failures]

    assert await attest() == ([], [Unsupported])
    (signed,) = await sign(settings, "myapp:v1.0")
    assert await attest() == ([signed.digest], [])


async def test_an_engine_that_does_not_answer_hides_no_other_place_here(
    engine: FakeEngine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.add("one", "myapp:v1.0")
    await sign(settings, "myapp:v1.0")
    (tmp_path / "silent.sock").touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'silent.sock'}")

    (found,) = await verify(settings, "myapp:v1.0")
    async with Stores(settings) as stores:
        lost = [one async for one in chosen(("other:v1.0",), settings, stores)]

    assert found.verdict is Verdict.VERIFIED
    assert [str(one).count("docker does not answer at") for one in lost] == [1], "and Docker Hub is not asked instead"


async def test_an_id_that_says_nothing_is_settled_by_an_export(engine: FakeEngine, settings: Settings) -> None:
    image_id = engine.add("one", "myapp:v1.0")
    other_id = "sha256:" + "0" * 64
    engine.images[other_id] = engine.images[image_id]
    await sign(settings, "myapp:v1.0")
    engine.answers["/images/myapp:v1.0/json"] = lambda _request: web.json_response({"Id": other_id})

    (found,) = await verify(settings, "myapp:v1.0")

    assert found.verdict is Verdict.VERIFIED
