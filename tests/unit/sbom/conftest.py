"""A layout, a cache, and the schemas that documents are checked with."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import AnyManifest

SCHEMAS = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "schemas"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "images", create=True)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def image(layout: Layout) -> Callable[..., Image]:
    def named(manifest: AnyManifest, name: str = "ghcr.io/acme/app:1.0") -> Image:
        return Image(layout, name, manifest.descriptor)

    return named


def load_schema(name: str) -> Any:
    path = SCHEMAS / name
    if not path.is_file():
        pytest.skip(f"{path} is missing; set UNDERCURRENT_DATA to the folder of test vectors")
    return json.loads(path.read_bytes())


@pytest.fixture
def complaints() -> Callable[[bytes], list[str]]:
    """What the schema that a document says it follows has against it."""

    def check(content: bytes) -> list[str]:
        document = json.loads(content)
        if "spdxVersion" in document:
            assert document["spdxVersion"] == "SPDX-2.3"
            schema = load_schema("spdx-2.3.schema.json")
        else:
            schema = load_schema(f"cyclonedx/bom-{document['specVersion']}.schema.json")
        others = ("jsf-0.82", "spdx", "cryptography-defs")
        resources = [Resource.from_contents(load_schema(f"cyclonedx/{name}.schema.json")) for name in others]
        registry: Registry[Any] = Registry().with_resources([(str(item.id()), item) for item in resources])
        return [error.message for error in Draft7Validator(schema, registry=registry).iter_errors(document)]

    return check
