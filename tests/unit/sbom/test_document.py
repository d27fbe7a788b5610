"""Reading what a document lists."""

import pytest

from undercurrent.errors import BadContent
from undercurrent.sbom.document import FORMATS, read_packages


@pytest.mark.parametrize("name", ["spdx", "cyclonedx"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"packages": 3, "bomFormat": 3}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_document_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(BadContent, match=name):
        read_packages(content, FORMATS[name])  # type: ignore[index]  # a parameter is a plain string
