"""Fixes of Dockerfiles that others wrote: they parse, nothing else changes, and once is enough."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from undercurrent.hardening.dockerfile import Dockerfile, Instruction, parse
from undercurrent.settings import Settings
from undercurrent.workflows.fixing import Fixes, Wish, fix, write

CORPORA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles"

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="the files are not here; set UNDERCURRENT_DATA")


@pytest.fixture
def corpus(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a corpus, which the test works in."""
    shutil.copytree(CORPORA / request.param, tmp_path / "corpus")
    monkeypatch.chdir(tmp_path / "corpus")
    return Path()


def shares(fixes: Fixes) -> dict[str, float]:
    """Of all Dockerfiles: those with a fix, with one that waits to be asked for, with a reason, and with none of it."""
    files: dict[str, set[str]] = {}
    for plan in fixes.plans:
        kinds = files.setdefault(plan.image.dockerfile.name, set())
        kinds |= {"fixed"} if plan.edits else set()
        kinds |= {"waits"} if plan.hidden else set()
        kinds |= {"reason"} if plan.unfixed else set()
        if not (plan.edits or plan.hidden or plan.unfixed):
            kinds.add("rootless" if plan.image.runner.identity == "rootless" else "nothing")
    best = [
        next(kind for kind in ("fixed", "waits", "reason", "rootless", "nothing") if kind in found)
        for found in files.values()
    ]
    return {kind: best.count(kind) / len(best) for kind in ("fixed", "waits", "reason", "rootless", "nothing")}


@pytest.mark.parametrize("corpus", ["awesome-compose"], indirect=True)
async def test_at_least_nine_of_ten_get_a_fix_or_a_reason(corpus: Path) -> None:
    found = shares(await fix([corpus], Settings(), Wish()))
    assert found["fixed"] + found["waits"] + found["reason"] >= 0.9
    assert found["fixed"] >= 0.7  # without anything that others have to follow
    assert found["nothing"] == 0


@pytest.mark.parametrize("corpus", ["awesome-compose", "jessfraz"], indirect=True)
async def test_what_is_written_parses_and_is_not_changed_again(corpus: Path) -> None:
    wish = Wish(unsafe=True)
    fixes = await fix([corpus], Settings(), wish)
    assert not fixes.not_read
    assert len(fixes.files) > 30
    write(fixes)
    for file in fixes.files:
        if file.name.endswith("Dockerfile"):
            before, after = parse(file.before, file.name), parse(file.path.read_bytes(), file.name)
            assert len(after.faults) <= len(before.faults)
            assert_nothing_else_changed(before, after)
    again = await fix([corpus], Settings(), wish)
    assert [file.name for file in again.files] == []
    assert [plan.changes for plan in again.plans if plan.changes] == []


@pytest.mark.skipif(find_spec("dockerfile") is None, reason="BuildKit's parser is for Linux on x86-64")
@pytest.mark.parametrize("corpus", ["awesome-compose", "jessfraz"], indirect=True)
async def test_buildkits_own_parser_reads_what_is_written(corpus: Path) -> None:
    import dockerfile  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    for file in (await fix([corpus], Settings(), Wish(unsafe=True))).files:
        if file.name.endswith("Dockerfile"):
            kept = [*keywords(dockerfile.parse_string(file.before))]
            made = iter(keywords(dockerfile.parse_string(file.after)))
            assert all(one in made for one in kept), file.name


def keywords(commands: Any) -> Iterator[str]:
    return (command.cmd.upper() for command in commands)


def assert_nothing_else_changed(before: Dockerfile, after: Dockerfile) -> None:
    """All instructions are there in their order; those that differ are of the kinds that a fix is about."""
    left = list(after.instructions)
    for one in before.instructions:
        same = next((found for found in left if meaning(found) == meaning(one)), None)
        if same is None:
            assert one.keyword in ("USER", "EXPOSE", "CMD", "ENTRYPOINT", "ENV", "ARG", "HEALTHCHECK", "RUN"), one.text
            if one.keyword == "RUN":
                assert (
                    "useradd" in one.logical.text + str(one.heredocs) or "adduser" in str(one) or "setcap" in one.text
                )
            continue
        left = left[left.index(same) + 1 :]


def meaning(one: Instruction) -> tuple[object, ...]:
    return (
        one.keyword,
        one.flags and [(flag.name, flag.value) for flag in one.flags],
        one.text,
        [document.content for document in one.heredocs],
    )
