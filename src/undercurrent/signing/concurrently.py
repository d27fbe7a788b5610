"""Does several things at once: signatures that each wait for a log, requests to several services."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from undercurrent.errors import UndercurrentError

__all__ = ["concurrently"]

_Result = TypeVar("_Result")


async def concurrently(calls: Iterable[Coroutine[Any, Any, _Result]]) -> tuple[_Result, ...]:
    """What all of ``calls`` return, in their order. The first error ends them all.

    Raises:
        UndercurrentError: that error, itself: callers decide by it, and the others were only cancelled because of it.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except* UndercurrentError as errors:
        failed = errors.exceptions[0]
    else:
        return tuple(task.result() for task in tasks)
    raise failed
