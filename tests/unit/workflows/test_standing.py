"""One read of the evidence, held against catalogues; and when somebody looked last."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.evidence import NOON, make_record, write_at_once

from undercurrent.errors import NotFound
from undercurrent.evidence import Record, open_store
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.loading import load
from undercurrent.planning.marks import Mark
from undercurrent.planning.standing import TroubleKind
from undercurrent.progress import Event, Noted, silent
from undercurrent.report.page.page import page
from undercurrent.settings import EvidenceSettings, PlanningSettings, Settings
from undercurrent.workflows.looks import last_look, looks_file, remember_look
from undercurrent.workflows.pages import sheet
from undercurrent.workflows.standing import Standing, standing

ONE, TWO = f"sha256:{1:064x}", f"sha256:{2:064x}"
TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def known(tmp_path: Path) -> Settings:
    """Settings of somebody who lives by UTC, with an empty evidence store."""
    url = f"sqlite:///{tmp_path}/evidence.db"
    return Settings(evidence=EvidenceSettings(url=url), planning=PlanningSettings(time_zone="UTC"))


def happened(settings: Settings, *records: Record) -> None:
    with open_store(settings.evidence.location) as store:
        store.record(*records)


def signed(at: datetime, name: str = "app:1.0", digest: str = ONE) -> Record:
    return make_record(kind="image-signed", outcome="signed", name=name, subject=digest, at=at, proof={})


def packed(at: datetime, name: str = "app:1.0", digest: str = ONE) -> Record:
    return make_record(kind="image-packed", outcome="made", name=name, subject=digest, at=at, proof={})


def count(found: Standing) -> tuple[int, int]:
    share = found.coverage.shares[Measure.IMAGES_SIGNED]
    return share.done, share.of


def test_an_empty_store_is_a_standing_too(known: Settings) -> None:
    found = standing(known)
    assert (found.day, found.coverage.images, found.changes) == (TODAY, 0, None)
    assert [trouble.kind for trouble in found.troubles] == [TroubleKind.NOTHING_KNOWN]
    assert found.catalogue.id == "2025-undercurrents"
    assert {catalogue.id for catalogue in found.catalogues} == {"2025-undercurrents", "today"}
    assert found.deep is not None
    assert [point.day for point in found.deep.history] == [TODAY]
    assert found.steps
    assert found.windows


def test_the_past_is_told_day_by_day(known: Settings) -> None:
    now = datetime.now(UTC)
    happened(known, packed(now - timedelta(days=5)), signed(now - timedelta(days=2)))
    found = standing(known)
    assert count(found) == (1, 1)
    assert found.deep is not None
    points = [(point.day, point.shares[Measure.IMAGES_SIGNED].done) for point in found.deep.history]
    assert points == [(TODAY - timedelta(days=back), int(back <= 2)) for back in range(5, -1, -1)]
    assert [record.kind for record in found.deep.records] == ["image-signed", "image-packed"]
    assert standing(known, deep=False).deep is None


def test_a_day_that_is_over_is_told_as_it_ended(known: Settings) -> None:
    happened(known, packed(NOON), signed(NOON + timedelta(days=1)))
    assert count(standing(known, day=NOON.date())) == (0, 1)
    assert count(standing(known, day=NOON.date() + timedelta(days=1))) == (1, 1)
    assert count(standing(known, day=NOON.date() - timedelta(days=1))) == (0, 0)


def test_a_clock_that_is_ahead_hides_nothing(known: Settings) -> None:
    happened(known, signed(datetime.now(UTC) + timedelta(hours=30)))
    assert count(standing(known)) == (1, 1)


def test_what_changed_since_the_last_look_is_told(known: Settings) -> None:
    now = datetime.now(UTC)
    happened(known, packed(now - timedelta(hours=2)))
    found = standing(known, deep=False)
    assert found.changes is None
    remember_look(found.where, now - timedelta(hours=1), silent)
    happened(known, signed(now - timedelta(minutes=1)), packed(now, "app:2.0", TWO))
    changed = standing(known).changes
    assert changed is not None
    assert (changed.since, changed.records, changed.images) == (now - timedelta(hours=1), 2, 1)
    moved = {one.measure: (one.before.done, one.after.done) for one in changed.shares}
    assert moved[Measure.IMAGES_SIGNED] == (0, 1)


def test_only_the_catalogue_that_was_asked_for_counts(known: Settings) -> None:
    found = standing(known, only="today")
    assert [catalogue.id for catalogue in found.catalogues] == ["today"]
    assert {step.catalogue.id for step in found.steps} == {"today"}
    with pytest.raises(NotFound, match="there is no catalogue 'tomorrow'"):
        standing(known, only="tomorrow")


OWN = """
version = 1
id = "own"
title = "Own"
currency = "EUR"
source = { text = "us", read = 2026-01-01 }
[[checklist]]
id = "ours"
title = "Ours"
due = 2026-01-31
[[checklist.section]]
id = "all"
title = "All"
[[checklist.section.item]]
id = "sign"
text = "Sign everything"
requirement = { measure = "images-signed", percent = 100 }
"""


def test_a_list_that_only_came_along_troubles_nobody(known: Settings, tmp_path: Path) -> None:
    happened(known, signed(NOON))
    assert standing(known).troubles == ()
    (tmp_path / "own.toml").write_text(OWN)
    mine = replace(known, planning=PlanningSettings(time_zone="UTC", catalogues=(tmp_path / "own.toml",)))
    assert standing(mine).troubles == ()
    happened(known, packed(NOON, "app:2.0", TWO))
    found = {trouble.kind: trouble.names for trouble in standing(mine).troubles}
    assert found == {TroubleKind.UNSIGNED: ("app:2.0",), TroubleKind.OVERDUE: ("ours/sign",)}
    assert standing(mine).in_use == {"ours"}


def test_a_mark_puts_a_list_to_use(known: Settings) -> None:
    checklists = [checklist for catalogue in load(known).all for checklist in catalogue.checklists]
    if not checklists:
        pytest.skip("no list comes along")
    item = checklists[0].sections[0].items[0].id
    happened(known, Mark(f"{checklists[0].id}/{item}", done=True, by="ada", at=NOON).as_record("run"))
    found = standing(known)
    assert found.in_use == {checklists[0].id}
    assert [mark.by for mark in found.marks] == ["ada"]


def test_images_that_do_not_count_are_not_there(known: Settings) -> None:
    happened(known, packed(NOON), packed(NOON + timedelta(seconds=1), "app:2.0", TWO))
    some = replace(known, images=replace(known.images, exclude=("app:2*",)))
    assert [state.name for state in standing(some).coverage.listed] == ["app:1.0"]
    short = replace(known, planning=PlanningSettings(time_zone="UTC", seen_days=30))
    assert standing(short).coverage.images == 0


def test_looks_are_kept_apart_and_survive(known: Settings) -> None:
    assert last_look("one") is None
    remember_look("one", NOON, silent)
    remember_look("other", NOON + timedelta(days=1), silent)
    remember_look("one", NOON + timedelta(days=2), silent)
    assert last_look("one") == NOON + timedelta(days=2)
    assert last_look("other") == NOON + timedelta(days=1)
    assert not list(looks_file().parent.glob(".uc-*"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"looks": []}', '{"looks": {"one": 5}}', '{"looks": {"one": "noon"}}', "[" * 100_000]
)
def test_a_spoilt_file_of_looks_is_as_good_as_none(text: str) -> None:
    looks_file().parent.mkdir(parents=True, exist_ok=True)
    looks_file().write_text(text)
    assert last_look("one") is None
    remember_look("one", NOON, silent)
    assert last_look("one") == NOON


def test_a_look_that_cannot_be_kept_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    told: list[Event] = []
    remember_look("one", NOON, told.append)
    (note,) = told
    assert isinstance(note, Noted)
    assert re.search(r"looks\.json cannot be written: Not a directory", note.message)


def test_the_day_is_one_where_the_user_lives(known: Settings) -> None:
    late = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    happened(known, packed(late), signed(late + timedelta(minutes=1)))
    there = replace(known, planning=PlanningSettings(time_zone="Asia/Shanghai"))
    assert count(standing(there, day=date(2025, 12, 31))) == (0, 1)
    assert count(standing(known, day=date(2025, 12, 31))) == (1, 1)


def test_eight_processes_write_while_pages_are_made_and_nothing_is_lost(known: Settings) -> None:
    counted: list[int] = []

    def look() -> None:
        made = sheet(known)
        assert page(made, "en").endswith("</html>\n")
        found = made.standing.coverage
        share = found.shares[Measure.IMAGES_SIGNED]
        assert share.done == share.of == found.images, "whole records only"
        counted.append(found.records)

    write_at_once(known.evidence.location, writers=8, each=100, meanwhile=look)
    look()

    assert counted == sorted(counted), "what was seen once is seen again"
    assert counted[-1] == 800
    assert standing(known, deep=False).coverage.images == 100
