"""Verifies images: one verdict each, and a record of it."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial

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
from undercurrent.signing.verify import Problem, Verdict, Verification, verdict_of, verify
from undercurrent.workflows.copies import copy_of
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
    begin = partial(_Verifying, trust, settings, recursive, deep)
    return await each("verify", found, begin, settings, failed=_not_checked, observer=observer)


@dataclass(frozen=True, slots=True)
class _Verifying:
    trust: Trust
    settings: Settings
    recursive: bool
    deep: bool
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        self.record.open()

    async def __call__(self, target: Target) -> Verification:
        store, _inside = await self.stores.open(target.place)
        if isinstance(store, Engine):
            place, verification = await self._in_engine(target, store)
        else:
            place, verification = target.place, await self._verify(await target.open(self.stores))
        self.record.add(
            "image-verified",
            verification.digest,
            verification.verdict,
            verification.name,
            place=place,
            reason=verification.reason,
            keys=[key.fingerprint for key in verification.keys],
            identities=[described(identity) for identity in verification.identities],
            formats=[str(format_) for format_ in verification.formats],
        )
        return verification

    async def _verify(self, image: Image) -> Verification:
        where = self.stores.signatures_of
        return await verify(image, self.trust, recursive=self.recursive, deep=self.deep, where=where)

    async def _in_engine(self, target: Target, engine: Engine) -> tuple[str, Verification]:
        """An engine keeps no signatures, so its image is verified by its copy; another build is not it."""
        copy = await copy_of(target, self.stores, self.settings)
        if copy and copy.same:
            return copy.place, await self._verify(copy.image)
        sign_it = _("`uc image sign {name}` takes it to where it can carry one").format(name=target.name)
        if copy:
            message = _("{engine} has another build than {place}; what {engine} has is not signed").format(
                engine=engine.label, place=copy.place
            )
            problem = Problem(copy.place, "other-build", message, sign_it)
        else:
            message = _("it is only in {engine}, where no image can carry a signature").format(engine=engine.label)
            problem = Problem(target.place, Verdict.UNSIGNED, message, sign_it)
        unsigned = Verification(
            target.name, Digest(target.digest), Verdict.UNSIGNED, problem.code, message, problems=(problem,)
        )
        return target.place, unsigned


def _not_checked(record: Recording, found: Found, error: UndercurrentError) -> None:
    subject = found.digest if isinstance(found, Target) else found.place
    name = found.name if isinstance(found, Target) else found.place
    record.add("image-verified", subject, verdict_of(error), name, place=found.place, reason=error.code)
