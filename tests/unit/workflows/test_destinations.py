"""Where images are written, and what they are called there."""

from pathlib import Path

import pytest
from tests.support.settings import with_images

from undercurrent.errors import InvalidReference, UsageError
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings, data_folder
from undercurrent.workflows.destinations import destination, home_name, home_of


@pytest.mark.parametrize(
    ("name", "registry", "expected"),
    [
        ("myapp:v1.0", "", "myapp:v1.0"),
        ("myapp", "", "myapp:latest"),
        ("localhost/myapp:v1.0", "", "myapp:v1.0"),
        ("ghcr.io/acme/app:1.0", "", "ghcr.io/acme/app:1.0"),
        ("myapp:v1.0", "registry.example/team", "myapp:v1.0"),
        ("ghcr.io/acme/app:1.0", "registry.example", "acme/app:1.0"),
        ("registry.example/acme/app:1.0", "registry.example/team", "registry.example/acme/app:1.0"),
    ],
)
def test_an_engines_image_never_goes_to_a_registry_that_was_not_named(
    settings: Settings, name: str, registry: str, expected: str
) -> None:
    assert home_name(name, with_images(settings, default_registry=registry)) == expected


def test_an_image_without_a_name_has_no_home(settings: Settings) -> None:
    with pytest.raises(UsageError, match="has no name to be kept under"):
        home_name("sha256:" + "a" * 64, settings)


async def test_without_a_registry_home_is_the_embedded_store(settings: Settings) -> None:
    async with Stores(settings) as stores:
        home = home_of("myapp:v1.0", stores, settings)

    assert isinstance(home.store, Layout)
    assert home.place == f"oci:{data_folder()}/images:myapp:v1.0"
    assert (home.inside, home.name) == ("myapp:v1.0", "myapp:v1.0")


async def test_a_default_registry_may_be_a_part_of_one(settings: Settings) -> None:
    there = with_images(settings, default_registry="registry.example/team")
    async with Stores(there) as stores:
        home = home_of("myapp:v1.0", stores, there)

    assert home.place == home.name == "registry.example/team/myapp:v1.0"
    assert home.inside == "v1.0"
    assert not (data_folder() / "images").exists()


async def test_a_layout_is_made_where_there_is_none_and_a_name_must_be_one(settings: Settings, tmp_path: Path) -> None:
    async with Stores(settings) as stores:
        goal = destination("acme/app:1.0", stores, settings, layout=tmp_path / "new")
        with pytest.raises(InvalidReference):
            destination("Not A Reference", stores, settings, layout=tmp_path / "other")

    assert goal.place == f"oci:{tmp_path}/new:acme/app:1.0"
    assert (tmp_path / "new" / "oci-layout").is_file()
    assert not (tmp_path / "other").exists()
