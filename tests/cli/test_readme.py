"""What the README and the documentation show is what happens: every command is run, in both languages."""

import re

import pytest
from tests.support.documents import DOCUMENTS, Document, follow
from tests.support.source import ROOT
from tests.support.transcripts import commands, failed, unlike

HERE = [document for document in DOCUMENTS if not document.peers]
README = DOCUMENTS[0]
_SHELL = re.compile(r"^```sh$(.*?)^```$", re.MULTILINE | re.DOTALL)


def shell_lines(text: str) -> list[str]:
    """The lines of its ``sh`` blocks."""
    return [line for block in _SHELL.findall(text) for line in block.strip().splitlines()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.english)
def test_both_languages_show_the_same_commands(document: Document) -> None:
    english, chinese = document.text("en"), document.text("zh")

    assert commands(english) == commands(chinese)
    assert shell_lines(english) == shell_lines(chinese)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("document", HERE, ids=lambda document: document.english)
def test_commands_do_what_is_shown(document: Document, language: str) -> None:
    ran = follow(document, language)

    assert not failed(ran), failed(ran)
    assert not unlike(ran), "\n\n".join((*unlike(ran), "write it anew with: python -m tests.support.documents"))


def test_it_says_how_to_see_it_and_how_to_test_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    ci = (ROOT / ".ci" / "run").read_text()
    for language in ("en", "zh"):
        text = README.text(language)
        targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", text))

        assert {"demo", "test"} <= targets
        assert all(re.search(rf"^{target}:.*## ", makefile, re.MULTILINE) for target in targets)
        assert shell_lines(text)[2] == "make demo"
    assert "step make test\n" in ci
    assert "step readme\n" in ci, "which runs the first commands of the README, make demo among them"


def test_uc_is_run_where_its_output_is_checked() -> None:
    for document in DOCUMENTS:
        assert not [line for line in shell_lines(document.text("en")) if line.startswith("uc ")], document.english
