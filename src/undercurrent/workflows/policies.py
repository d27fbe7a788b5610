"""Policies as a run uses them: read, with the root of trust that is set; tried on cases, which are recorded here."""

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from undercurrent.errors import UndercurrentError
from undercurrent.fleet import Summary
from undercurrent.oci.copying import copy
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.signing.policy.cases import CASES_FILE, IMAGES, Case, Sparse, case_text, differences
from undercurrent.signing.policy.deciding import decide
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.trustedroot import TrustedRoot
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording
from undercurrent.workflows.roots import root_in_use

__all__ = ["Recorded", "Tried", "policy_in", "record_cases", "try_cases"]


async def policy_in(file: Path, settings: Settings, *, observer: Observer = silent) -> Policy:
    """The policy in ``file``.

    Args:
        file: where it is.
        settings: the root of trust that is set.
        observer: is told of a mirror that is asked for one.

    Raises:
        ConfigError: something in it cannot be used; says where, and what to do.
        CouldNotCheck: it needs a root of trust, and none can be had that counts now.
    """
    read = read_policy(file)
    return read.policy(await _root(settings, observer) if read.wants_root else None)


async def _root(settings: Settings, observer: Observer) -> TrustedRoot:
    if settings.signing.trusted_root:
        return trustedroot.read(settings.signing.trusted_root)
    return (await root_in_use(settings, observer=observer)).root


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, and what the policy says about it now.

    Attributes:
        case: which.
        decision: what was decided; None if the image of the case cannot be found.
        problem: why it cannot.
        differences: in what that is not what was expected, for people; nothing if it is.
    """

    case: Case
    decision: Decision | None
    problem: UndercurrentError | None = None
    differences: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is what was expected."""
        return self.decision is not None and not self.differences


async def try_cases(policy: Policy, cases: Iterable[Case], settings: Settings) -> tuple[Tried, ...]:
    """Asks ``policy`` about each case, as if it were the moment that the case names. No registry is asked."""
    async with Stores(settings) as stores:
        return tuple([await _try(policy, case, stores) for case in cases])


async def _try(policy: Policy, case: Case, stores: Stores) -> Tried:
    try:
        store = stores.layout(case.store) if case.store.is_dir() else stores.archive(case.store)
        image = Image(store, case.image, await store.resolve(case.digest or case.image))
        decision = await decide(image, policy, now=case.now or datetime.now(UTC))
    except UndercurrentError as error:
        return Tried(case, None, error)
    return Tried(case, decision, differences=tuple(differences(case, decision)))


@dataclass(frozen=True, slots=True)
class Recorded:
    """An image that became a case: what was decided about its copy, and when."""

    name: str
    decision: Decision
    now: datetime


async def record_cases(
    found: AsyncIterable[Found], policy: Policy, folder: Path, settings: Settings, *, observer: Observer
) -> Summary[Recorded]:
    """Makes cases of images: all that hangs on them is copied, and what the policy says now is what is expected.

    Args:
        found: the images.
        policy: whose word counts.
        folder: where the cases go; those that are there stay.
        settings: where things are.
        observer: is told what happens.

    Raises:
        EnvironmentLacks: the folder cannot be written to.
    """
    layout = Layout.open(folder / IMAGES, create=True)
    begin = partial(_Recording, policy, layout)
    summary = await each("record", found, begin, settings, observer=observer)
    texts = [case_text(success.result.decision, success.result.now) for success in summary.results]
    file = folder / CASES_FILE
    before = "" if file.exists() else "version = 1\n"
    with file.open("a", encoding="utf-8") as opened:
        opened.write("".join((before, *texts)))
    return summary


@dataclass(frozen=True, slots=True)
class _Recording:
    policy: Policy
    layout: Layout
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> Recorded:
        image = await target.open(self.stores)
        manifests = [await leaf.manifest() for leaf in await image.platforms()]
        layers = {layer.digest for one in manifests if isinstance(one, Manifest) for layer in one.layers}
        signatures = self.stores.signatures_of(image)
        elsewhere = None if signatures is image.store else signatures
        await copy(image, Sparse(self.layout, frozenset(layers)), "", referrers=True, elsewhere=elsewhere)
        now = datetime.now(UTC).replace(microsecond=0)
        # What is written down is what the copy gives: then the case holds wherever it is tried.
        decision = await decide(replace(image, store=self.layout), self.policy, now=now)
        return Recorded(target.name, decision, now)
