"""What to do first."""

import pytest

from undercurrent.hardening.auditing.ranking import MOST_USES, Group, Ranked, Use, group_of, priority_of
from undercurrent.hardening.model import Identity

ROOT, UNKNOWN, ROOTLESS = Identity.ROOT, Identity.UNKNOWN, Identity.ROOTLESS
AVOIDABLE = (("CAP_CHOWN", "chown-at-start", True),)
UNAVOIDABLE = (("CAP_SYS_ADMIN", "mount", False),)


@pytest.mark.parametrize(
    ("image", "uses", "factors", "score"),
    [
        (Ranked(ROOT), [], (1, 3, 1, 1), 3.0),
        (Ranked(ROOT, ports=(8080,)), [], (2, 3, 1, 1), 6.0),
        (Ranked(ROOT, ports=(80,)), [], (2, 3, 1, 2), 3.0),
        (Ranked(ROOT, ports=(8080,)), [Use("c: a", (80,)), Use("c: b")], (3, 3, 2, 1), 18.0),
        (Ranked(ROOT), [Use("c: a", over_host=True)], (1, 4, 1, 1), 4.0),
        (Ranked(ROOT), [Use(f"c: {number}") for number in range(30)], (1, 3, MOST_USES, 1), 30.0),
        (Ranked(ROOT, needs=AVOIDABLE), [], (1, 3, 1, 2), 1.5),
        (Ranked(ROOT, needs=UNAVOIDABLE), [], (1, 3, 1, 5), 0.6),
        (Ranked(ROOT, doubts=2), [], (1, 3, 1, 3), 1.0),
        (Ranked(UNKNOWN), [], (1, 2, 1, 3), 2 / 3),
        (Ranked(ROOTLESS), [], (1, 1, 1, 1), 1.0),
        (Ranked(ROOTLESS, needs=AVOIDABLE), [], (1, 2, 1, 2), 1.0),
        (Ranked(ROOTLESS), [Use("c: a", over_host=True)], (1, 1, 1, 1), 1.0),
    ],
)
def test_the_factors(image: Ranked, uses: list[Use], factors: tuple[int, ...], score: float) -> None:
    priority = priority_of(image, uses)

    assert (priority.exposure, priority.reach, priority.uses, priority.effort) == factors
    assert priority.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("image", "group"),
    [
        (Ranked(ROOT), Group.ROOT_WITHOUT_REASON),
        (Ranked(ROOT, ports=(8080,)), Group.ROOT_WITHOUT_REASON),
        (Ranked(ROOT, ports=(80,)), Group.ROOT_WITH_REASON),
        (Ranked(ROOT, drops="gosu"), Group.ROOT_WITH_REASON),
        (Ranked(ROOT, doubts=1), Group.ROOT_WITH_REASON),
        (Ranked(ROOT, needs=(*AVOIDABLE, *UNAVOIDABLE)), Group.NEEDS_CAPABILITY),
        (Ranked(ROOTLESS, needs=UNAVOIDABLE), Group.NEEDS_CAPABILITY),
        (Ranked(UNKNOWN), Group.UNKNOWN),
        (Ranked(ROOTLESS, ports=(80,)), Group.ROOTLESS),
    ],
)
def test_the_groups(image: Ranked, group: Group) -> None:
    assert group_of(image) is group
