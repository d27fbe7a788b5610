"""Outcomes are recorded at once, or soon and together; none is lost on the way."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from undercurrent.errors import EnvironmentLacks
from undercurrent.evidence import Evidence, open_store
from undercurrent.settings import EvidenceSettings, Settings
from undercurrent.workflows.recording import Recording, recording


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(evidence=EvidenceSettings(url=f"sqlite:///{tmp_path}/evidence.db"))


@pytest.fixture
def other(settings: Settings) -> Iterator[Evidence]:
    """The same store, as another process sees it."""
    with open_store(settings.evidence.location) as store:
        yield store


def names_in(store: Evidence) -> list[str]:
    return [record.name for record in store.query(newest=False)]


def add_soon(record: Recording, name: str) -> None:
    record.add_soon("image-verified", "sha256:1f", "verified", name, reason="")


async def test_what_comes_soon_waits_a_moment_and_is_there_then(settings: Settings, other: Evidence) -> None:
    with recording(settings) as record:
        add_soon(record, "one")
        add_soon(record, "two")
        assert names_in(other) == []

        await asyncio.sleep(0.3)
        assert names_in(other) == ["one", "two"]


async def test_not_many_wait(settings: Settings, other: Evidence) -> None:
    with recording(settings) as record:
        for number in range(120):
            add_soon(record, f"{number}")

        assert len(names_in(other)) == 100


async def test_what_waits_at_the_end_is_written(settings: Settings, other: Evidence) -> None:
    def run() -> None:
        with recording(settings) as record:
            add_soon(record, "one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()

    assert names_in(other) == ["one"]


async def test_what_comes_now_is_there_at_once_and_not_before_what_waits(settings: Settings, other: Evidence) -> None:
    with recording(settings) as record:
        add_soon(record, "one")
        record.add("image-signed", "sha256:1f", "signed", "two")

        assert names_in(other) == ["one", "two"]


async def test_what_cannot_be_written_now_is_not_forgotten(
    settings: Settings, other: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_records: object) -> None:
        raise EnvironmentLacks("the disk is full")

    with recording(settings) as record:
        monkeypatch.setattr(record.open(), "record", full)
        add_soon(record, "one")
        await asyncio.sleep(0.3)
        with pytest.raises(EnvironmentLacks, match="disk is full"):
            record.add("image-verified", "sha256:1f", "verified", "two")
        monkeypatch.undo()

    assert names_in(other) == ["one", "two"]


async def test_a_run_whose_end_cannot_be_written_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_records: object) -> None:
        raise EnvironmentLacks("the disk is full")

    def run() -> None:
        with recording(settings) as record:
            monkeypatch.setattr(record.open(), "record", full)
            add_soon(record, "one")

    with pytest.raises(EnvironmentLacks, match="disk is full"):
        run()
