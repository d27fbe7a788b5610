"""Where images are looked for, in which order, and what becomes of places that do not answer."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.fakeengine import FakeEngine
from tests.support.images import push_image
from tests.support.registry import FakeRegistry, Fault
from tests.support.settings import with_images

from undercurrent.errors import (
    EnvironmentLacks,
    InvalidReference,
    MissingTool,
    NotFound,
    RateLimited,
    RemoteFault,
    Unauthorized,
    UndercurrentError,
    Unreachable,
    UsageError,
)
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.progress import Event, Noted
from undercurrent.settings import Settings, data_folder
from undercurrent.workflows.estate import Found, Lost, Places, Target, find, locate_all, wanted

NOWHERE = Places()


@pytest.fixture
async def registry(home: Path) -> AsyncIterator[FakeRegistry]:
    """A registry with an image in each of three repositories."""
    async with FakeRegistry(page_size=2) as running:
        for repository in ("acme/app", "acme/tool", "other/app"):
            running.put_image(repository, "1.0", layers=(repository.encode(),))
        yield running


@pytest.fixture
async def engine(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeEngine]:
    """An engine with one image, ``app:1.0``."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    async with FakeEngine(tmp_path / "docker.sock") as running:
        running.add("in the engine", "app:1.0")
        yield running


async def found_in(settings: Settings, places: Places, events: list[Event] | None = None) -> list[Found]:
    async with Stores(settings) as stores:
        observer = (events if events is not None else []).append
        return [found async for found in find(places, stores, settings.images, observer=observer)]


async def located(
    text: str,
    settings: Settings,
    places: Places = NOWHERE,
    *,
    engine_first: bool = False,
) -> Target:
    async with Stores(settings) as stores:
        (found,) = [found async for found in locate_all([text], places, stores, settings, engine_first=engine_first)]
    if isinstance(found, Lost):
        assert found.place == text
        raise found.error
    return found


def names(found: list[Found]) -> list[str]:
    return sorted(target.name for target in found if isinstance(target, Target))


def lost(found: list[Found]) -> dict[str, str]:
    """The codes of the errors, by place."""
    return {item.place: item.error.code for item in found if isinstance(item, Lost)}


# Everything in places


async def test_every_image_of_a_registry_is_found(registry: FakeRegistry, settings: Settings) -> None:
    found = await found_in(settings, Places(registries=(registry.host,)))

    assert names(found) == [f"{registry.host}/{name}:1.0" for name in ("acme/app", "acme/tool", "other/app")]
    assert all(isinstance(item, Target) and item.place == item.name for item in found)


@pytest.mark.parametrize("catalog", [True, False])
async def test_a_part_of_a_registry_needs_no_catalogue(settings: Settings, catalog: bool) -> None:
    async with FakeRegistry(catalog=catalog) as registry:
        registry.put_image("acme/app", "1.0")
        registry.put_image("acme/app", "2.0", layers=(b"two",))
        registry.put_image("acme-other/app", "1.0")

        found = await found_in(settings, Places(registries=(f"{registry.host}/acme/app",)))

        assert names(found) == [f"{registry.host}/acme/app:{tag}" for tag in ("1.0", "2.0")]


async def test_a_prefix_ends_at_a_slash(registry: FakeRegistry, settings: Settings) -> None:
    registry.put_image("acme-other/app", "1.0")

    found = await found_in(settings, Places(registries=(f"https://{registry.host}/acme/",)))

    assert names(found) == [f"{registry.host}/acme/{name}:1.0" for name in ("app", "tool")]


async def test_signatures_are_no_images(registry: FakeRegistry, layout: Layout, settings: Settings) -> None:
    for ending in ("", ".sig", ".att", ".sbom"):
        tag = "sha256-" + "a" * 64 + ending
        registry.put_image("acme/app", tag)
        await push_image(layout, {}, tag)

    found = await found_in(settings, Places(registries=(f"{registry.host}/acme",), layouts=(layout.path,)))

    assert names(found) == sorted(
        [f"{registry.host}/acme/app:1.0", f"{registry.host}/acme/tool:1.0", "acme/tool:2.0", "app:1.0"]
    )


async def test_patterns_look_at_names_without_the_host(
    registry: FakeRegistry, layout: Layout, settings: Settings
) -> None:
    some = with_images(settings, include=("acme/*", "app:*"), exclude=("*tool:1.*",))

    found = await found_in(some, Places(registries=(registry.host,), layouts=(layout.path,)))

    assert names(found) == sorted([f"{registry.host}/acme/app:1.0", "acme/tool:2.0", "app:1.0"])


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (429, RateLimited), (500, RemoteFault), (403, Unauthorized)]
)
async def test_a_place_that_does_not_answer_is_lost_and_the_others_go_on(
    registry: FakeRegistry, layout: Layout, settings: Settings, status: int, kind: type[UndercurrentError]
) -> None:
    registry.fail(Fault("GET", "_catalog", status=status, times=None))

    found = await found_in(
        settings,
        Places(registries=("127.0.0.1:1", registry.host), layouts=(layout.path, layout.path / "nowhere")),
    )

    assert names(found) == ["acme/tool:2.0", "app:1.0"]
    assert lost(found) == {
        "127.0.0.1:1": Unreachable.code,
        registry.host: kind.code,
        f"oci:{layout.path}/nowhere": NotFound.code,
    }


async def test_one_repository_or_image_that_does_not_answer_does_not_hide_the_others(
    registry: FakeRegistry, settings: Settings
) -> None:
    registry.fail(Fault("HEAD|GET", "acme/app/manifests/1.0", status=500, times=None))

    found = await found_in(settings, Places(registries=(registry.host,)))

    assert names(found) == [f"{registry.host}/{name}:1.0" for name in ("acme/tool", "other/app")]
    assert lost(found) == {f"{registry.host}/acme/app:1.0": RemoteFault.code}


@pytest.mark.parametrize("text", ["Bad Host", "registry", "http://127.0.0.1:1", "", "-x.io"])
async def test_what_names_no_registry_is_not_asked(settings: Settings, text: str) -> None:
    found = await found_in(settings, Places(registries=(text,)))

    assert lost(found) == {text: InvalidReference.code}


async def test_images_of_an_engine_are_found_by_the_names_they_have(engine: FakeEngine, settings: Settings) -> None:
    engine.add("nameless")

    (target,) = await found_in(settings, Places(engines=("auto",)))

    assert target == Target("auto:app:1.0", "app:1.0", engine.names["app:1.0"])


# Where to look if nobody says so


def test_flags_come_before_the_file_and_the_file_before_this_machine(settings: Settings, home: Path) -> None:
    flags = Places(layouts=(home / "flag",))
    some = with_images(settings, layouts=(Path("file"),), engines=("podman",))

    assert wanted(some, flags) is flags
    assert wanted(some, Places()) == Places(layouts=(Path("file"),), engines=("podman",))
    assert wanted(settings, Places()) == Places(engines=("auto",), implied=True)
    (data_folder() / "images").mkdir(parents=True)
    assert wanted(settings, Places()) == Places(layouts=(data_folder() / "images",), engines=("auto",), implied=True)


async def test_nobody_has_to_run_an_engine(settings: Settings, events: list[Event]) -> None:
    assert await found_in(settings, wanted(settings, Places()), events) == []
    assert await found_in(settings, Places(engines=("auto",)), events) == []
    assert events == []


async def test_an_engine_that_does_not_run_is_mentioned_and_not_missed(
    settings: Settings, home: Path, events: list[Event]
) -> None:
    install_podman(home)

    assert await found_in(settings, wanted(settings, Places()), events) == []
    (note,) = events
    assert isinstance(note, Noted)
    assert note.message.startswith("podman is installed, but its service does not run, so its images are left out; ")
    assert "podman system service" in note.message


async def test_an_engine_that_was_named_is_missed(settings: Settings, home: Path) -> None:
    assert lost(await found_in(settings, Places(engines=("podman",)))) == {"podman": MissingTool.code}
    install_podman(home)
    assert lost(await found_in(settings, Places(engines=("podman",)))) == {"podman": EnvironmentLacks.code}


def install_podman(home: Path) -> None:
    (home / "bin").mkdir()
    program = home / "bin" / "podman"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)


# A name


async def test_a_name_with_a_host_is_looked_for_there_alone(
    registry: FakeRegistry, engine: FakeEngine, settings: Settings
) -> None:
    text = f"{registry.host}/acme/app:1.0"

    target = await located(text, settings, engine_first=True)

    assert (target.place, target.name) == (text, text)
    assert engine.asked == []


async def test_a_bare_name_is_looked_for_in_the_places_that_are_named(
    registry: FakeRegistry, layout: Layout, engine: FakeEngine, settings: Settings
) -> None:
    places = Places(registries=(f"{registry.host}/acme",), layouts=(layout.path,))

    assert (await located("tool:1.0", settings, places)).place == f"{registry.host}/acme/tool:1.0"
    assert (await located("acme/tool:2.0", settings, places)).place == f"oci:{layout.path}:acme/tool:2.0"
    with pytest.raises(NotFound, match=f"no image app:3.0; looked in {registry.host}/acme/app:3.0"):
        await located("app:3.0", settings, places)
    assert engine.asked == []


async def test_one_place_alone_says_itself_what_is_wrong(layout: Layout, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no image app:3\.0"):
        await located("app:3.0", settings, Places(layouts=(layout.path,)))
    with pytest.raises(NotFound, match="nowhere does not exist"):
        await located("app:1.0", settings, Places(layouts=(tmp_path / "nowhere",)))


async def test_the_default_registry_comes_before_the_engine_and_nothing_after_it(
    registry: FakeRegistry, engine: FakeEngine, layout: Layout, settings: Settings
) -> None:
    engine.add("only here", "local:1.0")
    default = with_images(settings, default_registry=f"{registry.host}/acme", store=layout.path)

    for engine_first in (True, False):
        assert (await located("app:1.0", default, engine_first=engine_first)).name == f"{registry.host}/acme/app:1.0"
        assert (await located("local:1.0", default, engine_first=engine_first)).place == "auto:local:1.0"
        with pytest.raises(NotFound):  # not in the layout: with a registry, signatures live there
            await located("acme/tool:2.0", default, engine_first=engine_first)


async def test_a_default_registry_that_does_not_answer_ends_the_search(
    registry: FakeRegistry, engine: FakeEngine, settings: Settings
) -> None:
    registry.fail(Fault("HEAD|GET", "manifests", status=500, times=None))

    with pytest.raises(RemoteFault):
        await located("app:1.0", with_images(settings, default_registry=registry.host))
    assert engine.asked == []


async def test_without_a_registry_the_embedded_store_or_the_engine_comes_first(
    engine: FakeEngine, layout: Layout, settings: Settings
) -> None:
    both = with_images(settings, store=layout.path)

    assert (await located("app:1.0", both)).place == f"oci:{layout.path}:app:1.0"
    assert (await located("app:1.0", both, engine_first=True)).place == "auto:app:1.0"
    assert (await located("acme/tool:2.0", both, engine_first=True)).place == f"oci:{layout.path}:acme/tool:2.0"


async def test_the_files_places_are_looked_into_before_the_embedded_store(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(layout.path, tmp_path / "first")
    some = with_images(settings, layouts=(tmp_path / "first",), store=layout.path)

    for engine_first in (True, False):
        assert (await located("app:1.0", some, engine_first=engine_first)).place == f"oci:{tmp_path}/first:app:1.0"


# What a target is


async def test_a_place_with_one_image_needs_no_name(settings: Settings, tmp_path: Path, layout: Layout) -> None:
    alone = Layout.open(tmp_path / "alone", create=True)
    await push_image(alone, {}, "solo:1.0")

    target = await located(f"oci:{alone.path}", settings)

    assert (target.place, target.name) == (f"oci:{alone.path}:solo:1.0", "solo:1.0")
    with pytest.raises(UsageError, match="holds 2 images"):
        await located(f"oci:{layout.path}", settings)


async def test_an_image_has_the_same_name_however_its_place_is_typed(
    layout: Layout, registry: FakeRegistry, settings: Settings
) -> None:
    (found,) = [item for item in await found_in(settings, Places(layouts=(layout.path,))) if "app" in str(item.place)]
    assert isinstance(found, Target)

    assert await located(f"oci:{layout.path}:app:1.0", settings) == found
    assert await located("app:1.0", settings, Places(layouts=(layout.path,))) == found
    assert found.name == "app:1.0"
    assert (await located(f"docker://{registry.host}/acme/app:1.0", settings)).name == f"{registry.host}/acme/app:1.0"


async def test_a_target_opens_as_it_was_found(layout: Layout, settings: Settings) -> None:
    target = await located(f"oci:{layout.path}:app:1.0", settings)
    await push_image(layout, {"motd": b"another one"}, "app:1.0")

    async with Stores(settings) as stores:
        image = await target.open(stores)
        assert image.digest == target.digest
        assert (await stores.image(target.place)).digest != target.digest
    assert target.key == f"oci:{layout.path}:app:1.0@{target.digest}"


async def test_lost_names_keep_their_error_and_the_others_go_on(layout: Layout, settings: Settings) -> None:
    async with Stores(settings) as stores:
        texts = ["Not A Reference", "app:1.0", "127.0.0.1:1/app:1.0", "nothing:1.0"]
        found = [item async for item in locate_all(texts, Places(layouts=(layout.path,)), stores, settings)]

    assert names(found) == ["app:1.0"]
    assert lost(found) == {
        "Not A Reference": NotFound.code,
        "127.0.0.1:1/app:1.0": Unreachable.code,
        "nothing:1.0": NotFound.code,
    }
