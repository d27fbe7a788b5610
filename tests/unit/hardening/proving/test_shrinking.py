"""Sets are made smaller as far as that goes, with every set that is kept tried."""

from collections.abc import Callable, Sequence

import pytest

from undercurrent.hardening.proving.shrinking import smallest


def counted(enough: Callable[[set[str]], bool]) -> tuple[list[set[str]], Callable[[Sequence[str]], object]]:
    tried: list[set[str]] = []

    async def suffices(some: Sequence[str]) -> bool:
        tried.append(set(some))
        return enough(set(some))

    return tried, suffices


@pytest.mark.parametrize("wanted", ["", "a", "n", "ch", "abn", "acegikmn"])
async def test_what_is_needed_is_found(wanted: str) -> None:
    tried, suffices = counted(lambda some: set(wanted) <= some)

    assert "".join(await smallest("abcdefghijklmn", suffices, most=500)) == wanted  # type: ignore[arg-type]
    assert len(tried) == len({frozenset(one) for one in tried}), "nothing is tried twice"


async def test_less_need_not_be_enough_where_more_is() -> None:
    # Either of two will do, but not both together with the third.
    tried, suffices = counted(lambda some: bool(some & {"a", "b"}) and some != {"a", "b", "c"} - set())

    kept = await smallest("abcd", suffices)  # type: ignore[arg-type]

    assert kept in {("a",), ("b",)}
    assert set(kept) in tried


async def test_the_number_of_runs_is_bounded() -> None:
    tried, suffices = counted(lambda some: len(some) >= 30)

    kept = await smallest([str(number) for number in range(60)], suffices, most=12)  # type: ignore[arg-type]

    assert len(tried) == 12
    assert set(kept) in [*tried, set(map(str, range(60)))]
