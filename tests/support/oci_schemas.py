"""The image specification's JSON schemas, to hold what is written against."""

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft4Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

__all__ = ["complaints"]

_FOLDER: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "schemas" / "oci-image"


def _load(uri: str) -> Resource[Any]:
    """The schemas refer to one another by the names of their files."""
    return DRAFT4.create_resource(json.loads((_FOLDER / uri.rpartition("/")[2]).read_bytes()))


def complaints(document: bytes, schema: str) -> list[str]:
    """What ``schema`` (``image-index``, ``image-manifest``, ``config``, ``image-layout``) has against ``document``."""
    if not _FOLDER.is_dir():
        pytest.skip(f"{_FOLDER} is missing; set UNDERCURRENT_DATA to the folder of test vectors")
    registry: Registry[Any] = Registry(retrieve=_load)  # type: ignore[call-arg]
    validator = Draft4Validator(_load(f"{schema}-schema.json").contents, registry=registry)
    return [error.message for error in validator.iter_errors(json.loads(document))]
