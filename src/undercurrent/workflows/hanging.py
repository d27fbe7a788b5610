"""Finds out what hangs on images, with each signature verified where a key is known."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial

from undercurrent.fleet import Summary
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.attached import Attached, attached
from undercurrent.signing.checks import Trust
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["look_at_images"]


async def look_at_images(
    found: AsyncIterable[Found], trust: Trust | None, settings: Settings, *, observer: Observer
) -> Summary[Attached]:
    """What hangs on every image in ``found``.

    Args:
        found: the images.
        trust: whom to believe; without it, nothing is verified.
        settings: where things are.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    return await each("tree", found, partial(_Looking, trust), settings, observer=observer)


@dataclass(frozen=True, slots=True)
class _Looking:
    trust: Trust | None
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> Attached:
        return await attached(await target.open(self.stores), trust=self.trust, where=self.stores.signatures_of)
