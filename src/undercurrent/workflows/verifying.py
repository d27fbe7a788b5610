"""Verifies images: one verdict each, and a record of it."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from undercurrent.errors import UndercurrentError
from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import described
from undercurrent.signing.places import Where
from undercurrent.signing.verify import Judged, Problem, Verdict, Verification, verdict_of, verify
from undercurrent.workflows.copies import copy_of
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["Judge", "Verifying", "not_checked", "verify_images"]

Result = TypeVar("Result", bound=Judged)


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
    begin = partial(Verifying, _ByTrust(trust, recursive, deep), settings)
    return await each("verify", found, begin, settings, failed=not_checked, observer=observer)


class Judge(Protocol[Result]):
    """Comes to verdicts, by whatever is believed."""

    async def judge(self, image: Image, where: Where) -> Result:
        """The verdict on an image, whose signatures are where ``where`` says."""
        ...

    def unsigned(self, target: Target, problem: Problem) -> Result:
        """The verdict on an image that cannot have a signature where it is."""
        ...

    def proof(self, result: Result) -> dict[str, Any]:
        """What evidence says of a verdict."""
        ...


@dataclass(frozen=True, slots=True)
class _ByTrust(Judge[Verification]):
    trust: Trust
    recursive: bool
    deep: bool

    async def judge(self, image: Image, where: Where) -> Verification:
        return await verify(image, self.trust, recursive=self.recursive, deep=self.deep, where=where)

    def unsigned(self, target: Target, problem: Problem) -> Verification:
        digest, message = Digest(target.digest), problem.message
        return Verification(target.name, digest, Verdict.UNSIGNED, problem.code, message, problems=(problem,))

    def proof(self, result: Verification) -> dict[str, Any]:
        return {
            "keys": [key.fingerprint for key in result.keys],
            "identities": [dict(described(identity)) for identity in result.identities],
            "formats": [str(format_) for format_ in result.formats],
        }


@dataclass(frozen=True, slots=True)
class Verifying(Generic[Result]):
    """Verifies one image after the other, and records each verdict; see `undercurrent.workflows.each.Begin`."""

    judge: Judge[Result]
    settings: Settings
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        self.record.open()

    async def __call__(self, target: Target) -> Result:
        """Verifies ``target``."""
        store, _inside = await self.stores.open(target.place)
        if isinstance(store, Engine):
            place, result = await self._in_engine(target, store)
        else:
            place, result = target.place, await self._judged(await target.open(self.stores))
        self.record.add_soon(
            "image-verified",
            result.digest,
            result.verdict,
            result.name,
            place=place,
            reason=result.reason,
            **self.judge.proof(result),
        )
        return result

    async def _judged(self, image: Image) -> Result:
        return await self.judge.judge(image, self.stores.signatures_of)

    async def _in_engine(self, target: Target, engine: Engine) -> tuple[str, Result]:
        """An engine keeps no signatures, so its image is verified by its copy; another build is not it."""
        copy = await copy_of(target, self.stores, self.settings)
        if copy and copy.same:
            return copy.place, await self._judged(copy.image)
        sign_it = _("`uc image sign {name}` takes it to where it can carry one").format(name=target.name)
        if copy:
            message = _("{engine} has another build than {place}; what {engine} has is not signed").format(
                engine=engine.label, place=copy.place
            )
            problem = Problem(copy.place, "other-build", message, sign_it)
        else:
            message = _("it is only in {engine}, where no image can carry a signature").format(engine=engine.label)
            problem = Problem(target.place, Verdict.UNSIGNED, message, sign_it)
        return target.place, self.judge.unsigned(target, problem)


def not_checked(record: Recording, found: Found, error: UndercurrentError) -> None:
    """Records that an image could not even be found; see `undercurrent.workflows.each.Failure`."""
    subject = found.digest if isinstance(found, Target) else found.place
    name = found.name if isinstance(found, Target) else found.place
    record.add_soon("image-verified", subject, verdict_of(error), name, place=found.place, reason=error.code)
