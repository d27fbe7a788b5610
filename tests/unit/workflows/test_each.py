"""Images are looked for while others are worked on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from undercurrent.errors import NotFound
from undercurrent.progress import Event, Started, silent
from undercurrent.workflows.each import ahead
from undercurrent.workflows.estate import Found, Lost, Target


def target(number: int) -> Target:
    return Target(f"app:{number}", f"app:{number}", "sha256:1f")


async def test_their_number_is_known_before_the_first_is_done(events: list[Event]) -> None:
    async def found() -> AsyncIterator[Found]:
        for number in (1, 2, 3, 3):
            yield target(number)
        yield Lost("registry.example", NotFound("gone"))

    images = ahead("sign", found(), events.append)
    first = await anext(images)
    await asyncio.sleep(0.01)  # the first is worked on

    assert events == [Started("sign", 4)]
    assert [first, *[image async for image in images]][:2] == [target(1), target(2)]


async def test_what_goes_wrong_while_looking_comes_after_what_was_found() -> None:
    async def found() -> AsyncIterator[Found]:
        yield target(1)
        raise ZeroDivisionError

    images = ahead("sign", found(), silent)

    assert await anext(images) == target(1)
    with pytest.raises(ZeroDivisionError):
        await anext(images)


async def test_nobody_looks_any_more_when_nobody_waits() -> None:
    ended = asyncio.Event()

    async def found() -> AsyncIterator[Found]:
        try:
            yield target(1)
            await asyncio.sleep(60)
            yield target(2)
        finally:
            ended.set()

    images = ahead("sign", found(), silent)
    await anext(images)
    await images.aclose()

    assert ended.is_set()
