"""Who runs in base images: the settings' table first, then layouts, engines and registries, then documentation."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.fakeengine import FakeEngine
from tests.support.images import push_image
from tests.support.registry import FakeRegistry

from undercurrent.basefacts import BaseFacts
from undercurrent.errors import BadContent
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import BaseImage, Identity, describe
from undercurrent.hardening.model.configuration import from_configuration
from undercurrent.oci.files.layout import Layout
from undercurrent.settings import HardenSettings, Settings
from undercurrent.workflows.bases import find_bases, siblings

CONFIG = {"architecture": "amd64", "os": "linux", "config": {"User": "10001:0", "Env": ["A=b=c", "X"], "Cmd": ["app"]}}


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry(referrers=True) as running:
        yield running


def users(found: object) -> dict[str, tuple[str, str] | None]:
    return {name: image and (image.source, image.user) for name, image in found.items()}  # type: ignore[attr-defined]


async def test_offline_the_table_comes_first_and_documentation_last(settings: Settings) -> None:
    bases = {"acme/*": BaseFacts("10001"), "alpine:3.20": BaseFacts("app")}
    settings = replace(settings, harden=HardenSettings(bases=bases))

    found = await find_bases(["acme/base:1", "alpine:3.20", "alpine:3.21", "other/x", "scratch"], settings)

    assert users(found) == {
        "acme/base:1": ("settings", "10001"),
        "alpine:3.20": ("settings", "app"),
        "alpine:3.21": ("built-in", ""),
        "other/x": None,
        "scratch": ("scratch", ""),
    }
    assert not found.notes


async def test_documentation_may_be_turned_off(settings: Settings) -> None:
    settings = replace(settings, harden=HardenSettings(builtin_bases=False))

    assert users(await find_bases(["alpine", "scratch"], settings)) == {"alpine": None, "scratch": ("scratch", "")}


async def test_a_registry_is_asked_when_that_is_wanted(settings: Settings, registry: FakeRegistry) -> None:
    registry.put_configured("acme/base", "1", CONFIG)
    name, missing = f"{registry.host}/acme/base:1", f"{registry.host}/acme/none:1"

    found = await find_bases([name, missing], settings, offline=False)

    assert users(found) == {name: ("registry", "10001:0"), missing: None}
    image = found[name]
    assert image
    assert (image.environment, image.command) == ({"A": "b=c", "X": ""}, ("app",))
    assert list(found.notes) == [missing]
    assert describe(parse(f"FROM {name}"), bases=found).runner.identity is Identity.ROOTLESS
    assert describe(parse(f"FROM {missing}"), bases=found).runner.identity is Identity.UNKNOWN


async def test_offline_no_registry_is_asked(settings: Settings, registry: FakeRegistry) -> None:
    registry.put_configured("acme/base", "1", CONFIG)
    asked = len(registry.requests())

    assert users(await find_bases([f"{registry.host}/acme/base:1"], settings)) == {f"{registry.host}/acme/base:1": None}
    assert len(registry.requests()) == asked


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> AsyncIterator[FakeEngine]:
    """An engine, and Docker's variable that leads to it."""
    async with FakeEngine(tmp_path / "docker.sock") as running:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{running.socket}")
        yield running


def with_engine(settings: Settings) -> Settings:
    return replace(settings, images=replace(settings.images, engines=("docker",)))


async def test_an_engine_is_asked_before_the_registry(
    settings: Settings, engine: FakeEngine, registry: FakeRegistry
) -> None:
    both, registrys = f"{registry.host}/acme/base:1", f"{registry.host}/acme/other:1"
    engine.add("x", both, {"User": "1234", "Env": ["A=b"], "ExposedPorts": {"8080/tcp": {}}})
    registry.put_configured("acme/base", "1", CONFIG)
    registry.put_configured("acme/other", "1", CONFIG)

    found = await find_bases([both, registrys], with_engine(settings), offline=False)

    assert users(found) == {both: ("engine", "1234"), registrys: ("registry", "10001:0")}
    image = found[both]
    assert image
    assert image.environment == {"A": "b"}
    assert registry.count("GET", "acme/base/") == 0


async def test_offline_no_engine_is_asked(settings: Settings, engine: FakeEngine) -> None:
    engine.add("x", "example.test/acme/base:1", {"User": "1234"})

    found = await find_bases(["example.test/acme/base:1"], with_engine(settings))

    assert users(found) == {"example.test/acme/base:1": None}
    assert engine.asked == []


async def test_an_engine_that_does_not_answer_keeps_nobody_from_asking_the_registry(
    settings: Settings, registry: FakeRegistry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home / 'nobody.sock'}")
    registry.put_configured("acme/base", "1", CONFIG)
    name, missing = f"{registry.host}/acme/base:1", f"{registry.host}/acme/none:1"

    found = await find_bases([name, missing], with_engine(settings), offline=False)

    assert users(found) == {name: ("registry", "10001:0"), missing: None}
    assert list(found.notes) == [missing]


async def test_what_a_registry_answers_that_makes_no_sense_is_not_known(
    settings: Settings, registry: FakeRegistry
) -> None:
    registry.put_configured("acme/a", "1", CONFIG | {"config": {"User": 5}})
    registry.put_configured("acme/b", "1", [])
    names = [f"{registry.host}/acme/a:1", f"{registry.host}/acme/b:1", "127.0.0.1:1/acme/c:1", "No Name"]

    found = await find_bases(names, settings, offline=False)

    assert users(found) == dict.fromkeys(sorted(names))
    assert set(found.notes) == set(names)
    assert "127.0.0.1:1" in found.notes["127.0.0.1:1/acme/c:1"].message


async def test_a_registry_that_fails_leaves_what_is_documented(settings: Settings) -> None:
    documented = await find_bases(["cgr.dev/chainguard/static"], settings)
    assert users(documented) == {"cgr.dev/chainguard/static": ("built-in", "65532")}


async def test_layouts_are_looked_into_also_offline(settings: Settings, layout: Layout) -> None:
    await push_image(layout, {"motd": b"x"}, "registry.example.com/acme/base:1")
    settings = replace(settings, images=replace(settings.images, layouts=(layout.path,)))

    found = await find_bases(["registry.example.com/acme/base:1", "docker.io/library/app:1.0"], settings)

    assert {name: image and image.source for name, image in found.items()} == {
        "registry.example.com/acme/base:1": "layout",
        "docker.io/library/app:1.0": "layout",
    }


@pytest.mark.parametrize(
    "config", [{"config": []}, {"config": {"Env": "A=b"}}, {"config": {"Cmd": [1]}}, {"config": {"Volumes": []}}]
)
def test_a_configuration_of_the_wrong_kind_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(BadContent, match="acme/x"):
        from_configuration("acme/x", config, "registry")


def test_a_configuration_without_a_user_is_root() -> None:
    image = from_configuration("x", {"config": None}, "registry")

    assert image == BaseImage("x", "", "registry")


def test_a_dockerfile_of_the_same_tree_may_build_the_base() -> None:
    files = [
        parse('FROM alpine\nRUN adduser -D -u 10001 app\nUSER app\nENTRYPOINT ["a"]', "images/base/Dockerfile"),
        parse("FROM registry.example.com/base\nUSER root", "images/tools/Dockerfile"),
        parse("FROM registry.example.com/tools", "images/top/1.0/Dockerfile"),
        parse("FROM acme/loop", "loop/Dockerfile"),
        parse("FROM alpine", "a/twice/Dockerfile"),
        parse("FROM alpine", "b/twice/Dockerfile"),
        parse("FROM debian\nUSER 5", "alpine/Dockerfile"),
        parse("# nothing", "acme/empty/Dockerfile"),
    ]
    names = [
        "registry.example.com/base",
        "registry.example.com/top:1.0",
        "acme/loop",
        "acme/twice",
        "alpine",
        "acme/empty",
    ]

    found = siblings(files, names)

    assert {name: found[name] and found[name].user for name in found} == {  # type: ignore[union-attr]
        "registry.example.com/base": "app",
        "registry.example.com/tools": "root",
        "registry.example.com/top:1.0": "root",
    }
    top = describe(parse("FROM registry.example.com/base"), bases=found)
    kept = siblings([parse("FROM alpine\nONBUILD USER \\\n 10001\n", "kept/Dockerfile")], ["acme/kept"])
    assert describe(parse("FROM acme/kept"), bases=kept).runner.uid == 10001
    assert (top.runner.uid, top.base and top.base.source, top.entrypoint.command) == (10001, "dockerfile", ("a",))


def test_dockerfiles_that_are_built_from_one_another_for_ever_end() -> None:
    files = [parse(f"FROM acme/n{number + 1}", f"n{number}/Dockerfile") for number in range(500)]

    assert siblings(files, ["acme/n0"]) == {}


PASSWD = {
    "etc/passwd": b"root:x:0:0::/:/bin/sh\napp:x:10001:50::/home/app:/bin/sh\ntoor:x:0:0::/:\n",
    "etc/group": b"staff:x:50:\n",
}


@pytest.mark.parametrize(
    ("user", "identity", "uid", "gid"),
    [
        ("app", Identity.ROOTLESS, 10001, 50),
        ("app:staff", Identity.ROOTLESS, 10001, 50),
        ("toor", Identity.ROOT, 0, 0),
        ("nobody-here", Identity.UNKNOWN, None, None),
    ],
)
async def test_a_user_that_a_base_names_is_looked_up_in_its_files(
    settings: Settings, layout: Layout, user: str, identity: Identity, uid: int | None, gid: int | None
) -> None:
    await push_image(layout, PASSWD, "example.test/acme/base:1", config={"User": user})
    settings = replace(settings, images=replace(settings.images, layouts=(layout.path,)))

    found = await find_bases(["example.test/acme/base:1"], settings)

    runner = describe(parse("FROM example.test/acme/base:1"), bases=found).runner
    assert (runner.identity, runner.uid, runner.gid) == (identity, uid, gid)


async def test_accounts_are_read_only_where_they_matter(settings: Settings, layout: Layout) -> None:
    names = [f"example.test/acme/base:{number}" for number in range(3)]
    for name, user in zip(names, ("", "10001", "root"), strict=True):
        await push_image(layout, PASSWD, name, config={"User": user})
    settings = replace(settings, images=replace(settings.images, layouts=(layout.path,)))

    found = await find_bases(names, settings, named=names[1:2])

    accounts = [[account.name for account in image.accounts] for image in found.values() if image]
    assert accounts == [[], ["root", "app", "toor"], []]
    runner = describe(parse(f"FROM {names[1]}\nUSER app:staff"), bases=found).runner
    assert (runner.identity, runner.uid, runner.gid) == (Identity.ROOTLESS, 10001, 50)


async def test_accounts_that_cannot_be_read_leave_who_runs_unknown(settings: Settings, layout: Layout) -> None:
    await push_image(layout, {}, "example.test/acme/base:1", config={"User": "app", "Env": ["A=b"]}, layer=b"no tar")
    settings = replace(settings, images=replace(settings.images, layouts=(layout.path,)))

    found = await find_bases(["example.test/acme/base:1"], settings)

    image = describe(parse("FROM example.test/acme/base:1"), bases=found)
    assert image.runner.identity is Identity.UNKNOWN
    assert image.environment == {"A": "b"}
