"""What the documentation shows beside real cosign, skopeo and podman, and a real registry, is what happens."""

import pytest
from tests.support.documents import DOCUMENTS, Document, follow
from tests.support.transcripts import failed, unlike

THERE = [document for document in DOCUMENTS if document.peers]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("document", THERE, ids=lambda document: document.english)
def test_commands_do_what_is_shown(document: Document, language: str) -> None:
    ran = follow(document, language)

    assert not failed(ran), failed(ran)
    assert not unlike(ran), "\n\n".join((*unlike(ran), "write it anew with: python -m tests.support.documents"))
