"""Verifies images: one verdict each, and a record of it."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial

from undercurrent.errors import UndercurrentError
from undercurrent.fleet import Summary
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.checks import Trust
from undercurrent.signing.verify import Verdict, Verification, verify
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["verify_images"]


async def verify_images(
    found: AsyncIterable[Found],
    trust: Trust,
    settings: Settings,
    *,
    recursive: bool = False,
    deep: bool = False,
    observer: Observer,
) -> Summary[Verification]:
    """Verifies every image in ``found``. It keeps no journal: a verdict of an earlier run is not one of now.

    Args:
        found: what to verify.
        trust: whom to believe.
        settings: where things are, and how many at once.
        recursive: also each platform of an index.
        deep: also read all content and compare digests.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    begin = partial(_Verifying, trust, recursive, deep)
    return await each("verify", found, begin, settings, failed=_not_checked, observer=observer)


@dataclass(frozen=True, slots=True)
class _Verifying:
    trust: Trust
    recursive: bool
    deep: bool
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        self.record.open()

    async def __call__(self, target: Target) -> Verification:
        image = await target.open(self.stores)
        verification = await verify(image, self.trust, recursive=self.recursive, deep=self.deep)
        self.record.add(
            "image-verified",
            verification.digest,
            verification.verdict,
            verification.name,
            place=target.place,
            reason=verification.reason,
            keys=[key.fingerprint for key in verification.keys],
            formats=[str(format_) for format_ in verification.formats],
        )
        return verification


def _not_checked(record: Recording, found: Found, error: UndercurrentError) -> None:
    subject = found.digest if isinstance(found, Target) else found.place
    name = found.name if isinstance(found, Target) else found.place
    record.add("image-verified", subject, Verdict.COULD_NOT_CHECK, name, place=found.place, reason=error.code)
