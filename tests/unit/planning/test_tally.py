"""What counts as an image, and what evidence says of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.evidence import NOON, make_record

from undercurrent.evidence import Record
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.coverage import EVERY_IMAGE, Counted, Coverage
from undercurrent.planning.tally import coverage, history, passing

APP = "ghcr.io/acme/app:1.0"
ONE, TWO = f"sha256:{1:064x}", f"sha256:{2:064x}"
LATER = NOON + timedelta(days=1)


class Story:
    """Records of one thing after another, a second apart."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def then(self, kind: str, outcome: str, name: str = APP, digest: str = ONE, **proof: Any) -> "Story":
        number = len(self.records)
        self.records.append(make_record(number, kind=kind, outcome=outcome, name=name, subject=digest, proof=proof))
        return self

    def told(self, counted: Counted = EVERY_IMAGE, at: datetime = LATER) -> Coverage:
        return coverage(self.records, at, counted)


def done(found: Coverage, measure: Measure) -> tuple[int, int]:
    share = found.shares[measure]
    return share.done, share.of


def test_nothing_is_known_of_an_empty_store() -> None:
    found = Story().told()
    assert found.images == 0
    assert set(found.shares) == set(Measure)
    assert all(share.percent is None and share.as_of is None for share in found.shares.values())


def test_a_packed_image_is_there_and_is_not_signed() -> None:
    found = Story().then("image-packed", "made", "app:1.0").told()
    assert done(found, Measure.IMAGES_SIGNED) == (0, 1)
    assert found.shares[Measure.IMAGES_SIGNED].percent == Decimal(0)
    assert found.registries == ()


@pytest.mark.parametrize("outcome", ["signed", "already-signed"])
def test_a_signed_image_is_signed_and_says_which_record_shows_it(outcome: str) -> None:
    story = Story().then("image-packed", "made").then("image-signed", outcome, sboms=1)
    found = story.told()
    share = found.shares[Measure.IMAGES_SIGNED]
    assert (share.done, share.of, share.percent) == (1, 1, Decimal(100))
    assert share.as_of == story.records[1].at
    assert share.records == (story.records[1].id,)
    assert done(found, Measure.IMAGES_WITH_SBOM) == (1, 1)
    assert done(found, Measure.IMAGES_VERIFIED) == (0, 1)
    assert found.registries == ("ghcr.io",)


def test_a_name_is_the_content_it_had_last() -> None:
    story = Story().then("image-signed", "signed").then("image-packed", "made", digest=TWO)
    assert done(story.told(), Measure.IMAGES_SIGNED) == (0, 1)
    story.then("image-signed", "signed", digest=TWO)
    assert done(story.told(), Measure.IMAGES_SIGNED) == (1, 1)
    assert [state.digest for state in story.told().listed] == [TWO]


def test_two_tags_of_one_content_are_two_images_signed_at_once() -> None:
    story = Story().then("image-packed", "made").then("image-packed", "made", "ghcr.io/acme/app:latest")
    story.then("image-signed", "signed")
    assert done(story.told(), Measure.IMAGES_SIGNED) == (2, 2)


def test_a_copy_in_another_registry_has_to_be_signed_there() -> None:
    story = Story().then("image-signed", "signed").then("image-copied", "copied", "quay.io/acme/app:1.0")
    assert done(story.told(), Measure.IMAGES_SIGNED) == (1, 2)
    story.then("image-copied", "copied", "quay.io/acme/app:1.0", referrers=True, **{"from": APP})
    assert done(story.told(), Measure.IMAGES_SIGNED) == (2, 2)


@pytest.mark.parametrize(
    ("verdict", "signed", "verified"),
    [
        ("verified", 1, 1),
        ("unsigned", 0, 0),
        ("untrusted", 0, 0),
        ("denied", 1, 0),
        ("allowed", 1, 0),
        ("could-not-check", 1, 0),
    ],
)
def test_the_newest_verdict_outweighs_what_was_done_before(verdict: str, signed: int, verified: int) -> None:
    story = Story().then("image-signed", "signed").then("image-verified", "verified").then("image-verified", verdict)
    found = story.told()
    assert done(found, Measure.IMAGES_SIGNED) == (signed, 1)
    assert done(found, Measure.IMAGES_VERIFIED) == (verified, 1)
    story.then("image-signed", "signed")
    assert done(story.told(), Measure.IMAGES_SIGNED) == (1, 1)


def test_an_image_that_somebody_else_signed_is_signed_once_it_is_verified() -> None:
    assert done(Story().then("image-verified", "verified").told(), Measure.IMAGES_SIGNED) == (1, 1)


def test_what_did_not_answer_is_not_an_image_and_not_verified() -> None:
    story = Story().then("image-verified", "verified")
    story.then("image-verified", "could-not-check", APP, digest=APP)
    story.then("image-verified", "could-not-check", "ghcr.io/acme", digest="ghcr.io/acme")
    found = story.told()
    assert done(found, Measure.IMAGES_VERIFIED) == (0, 1)
    assert done(found, Measure.IMAGES_SIGNED) == (1, 1)


def test_an_sbom_of_a_platform_is_one_of_its_image() -> None:
    story = Story().then("image-packed", "made").then("sbom-made", "made", digest=TWO, image=ONE)
    found = story.told()
    assert done(found, Measure.IMAGES_WITH_SBOM) == (1, 1)
    assert [state.digest for state in found.listed] == [ONE]


@pytest.mark.parametrize(
    ("predicate", "counts"),
    [
        ("https://spdx.dev/Document", True),
        ("https://spdx.dev/Document/v2.3", True),
        ("https://cyclonedx.org/bom", True),
        ("https://slsa.dev/provenance/v1", False),
        ("https://spdx.dev/Documentation", False),
    ],
)
def test_an_attested_sbom_counts(predicate: str, counts: bool) -> None:
    found = Story().then("image-attested", "attested", type=predicate).told()
    assert done(found, Measure.IMAGES_WITH_SBOM) == (int(counts), 1)


def test_a_digest_alone_belongs_to_the_tag_that_had_it() -> None:
    pinned = f"ghcr.io/acme/app@{ONE}"
    story = Story().then("image-signed", "signed", pinned)
    assert [state.name for state in story.told().listed] == [pinned]
    story.then("image-packed", "made")
    assert done(story.told(), Measure.IMAGES_SIGNED) == (1, 1)
    assert [state.name for state in story.told().listed] == [APP]
    story.then("image-packed", "made", digest=TWO)
    assert done(story.told(), Measure.IMAGES_SIGNED) == (0, 1)


def test_a_tag_with_its_digest_is_that_tag_and_no_tag_is_the_latest() -> None:
    story = Story().then("image-packed", "made").then("image-signed", "signed", f"{APP}@{ONE}")
    story.then("image-packed", "made", "localhost:5000/app").then("image-packed", "made", "localhost:5000/app:latest")
    found = story.told()
    assert [state.name for state in found.listed] == [APP, "localhost:5000/app:latest"]
    assert found.registries == ("ghcr.io", "localhost:5000")


def test_nobody_knows_who_runs_as_root_until_somebody_looks() -> None:
    story = Story().then("image-packed", "made").then("image-packed", "made", "app:2.0", TWO)
    assert done(story.told(), Measure.IMAGES_ROOTLESS) == (0, 0)
    story.then("image-rootless", "rootless")
    assert done(story.told(), Measure.IMAGES_ROOTLESS) == (1, 2)
    story.then("image-rootless", "root")
    assert done(story.told(), Measure.IMAGES_ROOTLESS) == (0, 2)
    story.then("dockerfile-rootless", "root", "app/Dockerfile").then("dockerfile-rootless", "rootless", "b/Dockerfile")
    story.then("dockerfile-rootless", "rootless", "app/Dockerfile", TWO)
    assert done(story.told(), Measure.DOCKERFILES_ROOTLESS) == (2, 2)


def test_only_bytes_between_registries_cross_clouds() -> None:
    story = Story()
    story.then("image-copied", "copied", registries=["ghcr.io", "quay.io"], bytes=700)
    story.then("image-copied", "copied", registries=["ghcr.io", "ghcr.io"], bytes=30)
    story.then("image-copied", "copied", registries=["", "ghcr.io"], bytes=4)
    story.then("image-copied", "copied", source="ghcr.io/acme/app:1.0", place="quay.io/acme/app:1.0")
    assert done(story.told(), Measure.BYTES_COPIED) == (700, 700)


def test_names_that_do_not_count_are_left_out() -> None:
    story = Story().then("image-signed", "signed").then("image-packed", "made", "demo/app:1.0", TWO)
    assert story.told(Counted(exclude=("demo/*",))).images == 1
    assert story.told(Counted(include=("acme/*",))).images == 1
    assert story.told(Counted(exclude=("acme/app:*", "demo/*"))).images == 0


def test_what_nobody_sees_any_more_is_forgotten_only_if_that_is_asked_for() -> None:
    story = Story().then("image-signed", "signed").then("image-packed", "made", "app:2.0", TWO)
    much_later = NOON + timedelta(days=40)
    story.records.append(
        make_record(kind="image-verified", outcome="verified", subject=TWO, name="app:2.0", at=much_later)
    )
    assert story.told(at=much_later).images == 2
    found = story.told(Counted(seen_days=30), at=much_later)
    assert done(found, Measure.IMAGES_SIGNED) == (1, 1)
    back = much_later + timedelta(days=1)
    story.records.append(make_record(kind="image-packed", outcome="made", subject=ONE, name=f"{APP}@{ONE}", at=back))
    passed = [
        done(tally.coverage(at), Measure.IMAGES_SIGNED)
        for at, tally in passing(story.records, [back, back], Counted(seen_days=30))
    ]
    assert passed == [(1, 1), (2, 2)]


def test_a_day_ends_where_its_owner_lives() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    late = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 there
    records = [
        make_record(kind="image-packed", outcome="made", name=APP, subject=ONE, at=late - timedelta(days=1)),
        make_record(kind="image-signed", outcome="signed", name=APP, subject=ONE, at=late + timedelta(minutes=1)),
    ]
    days = [date(2025, 12, 29), date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1)]
    points = history(records, days, shanghai)
    assert [point.day for point in points] == days
    shares = [point.shares[Measure.IMAGES_SIGNED] for point in points]
    assert [(share.done, share.of) for share in shares] == [(0, 0), (0, 1), (0, 1), (1, 1)]


_NAMES = st.sampled_from(
    [
        APP,
        "ghcr.io/acme/app:latest",
        "quay.io/acme/app:1.0",
        "app:1.0",
        f"ghcr.io/acme/app@{ONE}",
        f"quay.io/acme/app@{TWO}",
    ]
)
_HAPPENED = st.sampled_from(
    [
        ("image-packed", "made"),
        ("image-signed", "signed"),
        ("image-verified", "verified"),
        ("image-verified", "untrusted"),
        ("image-verified", "could-not-check"),
        ("image-rootless", "rootless"),
        ("sbom-made", "made"),
    ]
)


@given(
    st.lists(st.tuples(_HAPPENED, _NAMES, st.sampled_from([ONE, TWO]), st.integers(0, 20)), max_size=40),
    st.integers(0, 3),
)
def test_the_counts_are_those_of_the_images_one_by_one(
    happened: list[tuple[tuple[str, str], str, str, int]], seen_days: int
) -> None:
    moment = NOON
    records = []
    for (kind, outcome), name, digest, hours in happened:
        moment += timedelta(hours=hours, microseconds=1)
        proof = {"image": digest} if kind == "sbom-made" else {}
        records.append(make_record(kind=kind, outcome=outcome, name=name, subject=digest, at=moment, proof=proof))
    found = coverage(records, moment, Counted(seen_days=seen_days))
    assert found.images == len(found.listed)
    assert found.shares[Measure.IMAGES_SIGNED].done == sum(state.signed for state in found.listed)
    assert found.shares[Measure.IMAGES_WITH_SBOM].done == sum(state.sbom for state in found.listed)
    assert found.shares[Measure.IMAGES_VERIFIED].done == sum(state.verified for state in found.listed)
    assert found.shares[Measure.IMAGES_ROOTLESS].done == sum(bool(state.rootless) for state in found.listed)
