"""The API is described as OpenAPI has it."""

import pytest
from openapi_spec_validator import validate

from undercurrent.dashboard.openapi import description


@pytest.mark.parametrize("secured", [False, True])
def test_the_description_is_valid(secured: bool) -> None:
    document = description(secured=secured)

    validate(document)
    assert ("security" in document) is secured
    names = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(set(names)) == len(names)
    assert all(set(methods) == {"get"} for methods in document["paths"].values())
