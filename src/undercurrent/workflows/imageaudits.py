"""Audits images that are built, in registries, engines, layouts and archives, with a record of each outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from undercurrent.hardening.auditing.baseline import fingerprinted
from undercurrent.hardening.auditing.imagefiles import inspect
from undercurrent.hardening.auditing.ranking import Ranked
from undercurrent.hardening.model import Identity
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.rules import BUILT_CHECKS
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.auditing import Audit, Audited, Unchecked, identity_of, proof_of, ranked, without_known
from undercurrent.workflows.each import Search, each
from undercurrent.workflows.estate import Target, find, locate_all, wanted
from undercurrent.workflows.places import Places
from undercurrent.workflows.recording import Recording

__all__ = ["audit_images"]


async def audit_images(
    names: Sequence[str], places: Places, settings: Settings, known: frozenset[str], *, observer: Observer = silent
) -> Audit:
    """Looks at images, and records who runs in each.

    Args:
        names: of them; all that are found where none is named.
        places: where to look for them.
        settings: of stores.
        known: fingerprints of findings that are known from before.
        observer: is told what happens.

    Raises:
        UndercurrentError: a place cannot be used.
    """
    async with Stores(settings, observer=observer) as stores:
        if names:
            found = locate_all(names, places, stores, settings, engine_first=True, read=True)
        else:
            found = find(wanted(settings, places), stores, settings.images, read=True, observer=observer)
        summary = await each("audit", Search(found, stores), _Inspecting, settings, observer=observer)
    audited = [one for success in summary.results for one in success.result]
    counted = tuple(without_known(one, known) for one in audited)
    unchecked = tuple(Unchecked(one.key, one.error) for one in summary.failures)
    return Audit(counted, unchecked, ranked(counted, {}))


@dataclass(frozen=True, slots=True)
class _Inspecting:
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> tuple[Audited, ...]:
        audited = tuple(_audited(one) for one in await inspect(await target.open(self.stores)))
        outcome = identity_of(image for one in audited for image in one.images)
        if outcome is not Identity.UNKNOWN:
            proof = proof_of(image for one in audited for image in one.images)
            self.record.add_soon(
                "image-rootless", target.digest, outcome, target.name, place=target.place, how="configuration", **proof
            )
        return audited


def _audited(image: BuiltImage) -> Audited:
    findings = fingerprinted((one for check in BUILT_CHECKS for one in check(image)), lambda _line: "")
    return Audited(image.name, "image", (_facts(image),), findings, digest=image.digest)


def _facts(image: BuiltImage) -> Ranked:
    identity = Identity.ROOT if image.is_root else Identity.ROOTLESS
    if not image.is_root and image.uid is None:
        identity = Identity.UNKNOWN
    needs = [("CAP_NET_BIND_SERVICE", "low-port", True) for number, _protocol in image.ports if 0 < number < FIRST_FREE]
    needs += [("", "file-capability", True)] if any(file.capabilities for file in image.files) else []
    return Ranked(
        identity,
        image.user,
        ports=tuple(sorted({number for number, _protocol in image.ports})),
        needs=tuple(dict.fromkeys(needs)),
        server=image.command[0].rpartition("/")[2] if image.command else "",
    )
