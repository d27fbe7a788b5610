"""Verifies images: exactly one verdict each, with every signature's check beside it. It fails closed.

An image is verified when at least one signature over its digest is acceptable; what else hangs on it is told and
does not matter. It is never called unsigned when a place where its signatures may be did not answer.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from undercurrent.errors import CouldNotCheck, NotFound, Refused, TooLarge, UndercurrentError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index, Manifest
from undercurrent.oci.store import Store
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Check, Format, Trust, refusal
from undercurrent.signing.examine import examine_legacy_attestation, examine_legacy_signature
from undercurrent.signing.identities import Identity, Maker
from undercurrent.signing.places import (
    ATTESTATIONS,
    SIGNATURES,
    Where,
    beside,
    legacy_manifest,
    legacy_name,
)
from undercurrent.signing.predicates import COSIGN_SIGN, predicate_uri
from undercurrent.signing.referrers import examine_referrer, may_be_signed
from undercurrent.signing.statement import Statement

__all__ = [
    "MAX_REFERRERS",
    "WORST_FIRST",
    "Judged",
    "Problem",
    "Verdict",
    "Verification",
    "read_content",
    "verdict_of",
    "verify",
    "verify_attestation",
]

MAX_REFERRERS: Final = 1000
"""Referrers of one image that are examined; the same number as legacy layers."""


class Verdict(StrEnum):
    """What verification came to; the values are for machines.

    A policy also says of images that they are denied, though nothing is wrong with their signatures (an attestation
    is missing, or says something else), or allowed, because nothing is asked of them.
    """

    VERIFIED = "verified"
    ALLOWED = "allowed"
    UNSIGNED = "unsigned"
    UNTRUSTED = "untrusted"
    DENIED = "denied"
    COULD_NOT_CHECK = "could-not-check"


WORST_FIRST: Final = (
    Verdict.UNTRUSTED,
    Verdict.UNSIGNED,
    Verdict.DENIED,
    Verdict.COULD_NOT_CHECK,
    Verdict.ALLOWED,
    Verdict.VERIFIED,
)
"""One platform that is refused for sure outweighs another of which nobody can say."""


class Judged(Protocol):
    """An image with a verdict on it."""

    @property
    def name(self) -> str: ...  # noqa: D102 - see `Verification`

    @property
    def digest(self) -> Digest: ...  # noqa: D102 - likewise

    @property
    def verdict(self) -> Verdict: ...  # noqa: D102 - likewise

    @property
    def reason(self) -> str: ...  # noqa: D102 - likewise

    @property
    def message(self) -> str: ...  # noqa: D102 - likewise


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that could not be read.

    Attributes:
        where: its name.
        code: of the error.
        message: of the error.
        hint: of the error.
    """

    where: str
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known about an image's signatures, or about its attestations of one type.

    Attributes:
        name: the image, as its user writes it.
        digest: of its manifest or index.
        verdict: on this image and, where they were asked for, the images of the index: the worst of all.
        reason: kebab-case, for machines: why it is not verified; empty if it is.
        message: one sentence for people.
        checks: of each signature, one by one.
        problems: places that did not answer.
        platform: which of an index's images this is; None for an image that stands for itself.
        platforms: the same for the images of an index, where they were asked for.
    """

    name: str
    digest: Digest
    verdict: Verdict
    reason: str
    message: str
    checks: tuple[Check, ...] = ()
    problems: tuple[Problem, ...] = ()
    platform: Platform | None = None
    platforms: "tuple[Verification, ...]" = ()

    @property
    def accepted(self) -> tuple[Check, ...]:
        """The checks that found nothing wrong."""
        return tuple(check for check in self.checks if check.accepted)

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats in which there is an acceptable signature."""
        return tuple(sorted({check.format for check in self.accepted}))

    @property
    def makers(self) -> tuple[Maker, ...]:
        """The trusted keys and identities that made acceptable signatures."""
        return tuple({check.maker: None for check in self.accepted if check.maker})

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The keys among `makers`."""
        return tuple(maker for maker in self.makers if isinstance(maker, PublicKey))

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The identities among `makers`."""
        return tuple(maker for maker in self.makers if isinstance(maker, Identity))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What acceptable attestations say; one that is there in both formats only once."""
        found = {check.statement.raw: check.statement for check in self.accepted if check.statement}
        return tuple(found.values())


async def verify(
    image: Image, trust: Trust, *, recursive: bool = False, deep: bool = False, where: Where = beside
) -> Verification:
    """Verifies an image's signatures, in every format.

    Args:
        image: what to verify: its digest, whatever its name means by now.
        trust: whom to believe.
        recursive: also each image of an index; then all have to be signed.
        deep: also read the configuration and all layers, and compare their digests. Without it the manifest is
            compared, which is what signatures are about; whoever reads layers compares them anyway.
        where: in which store the signatures live.

    Raises:
        EnvironmentLacks: this machine cannot ask at all; all else is a verdict.
    """
    try:
        manifest = await image.manifest()
        leaves = await image.platforms() if isinstance(manifest, Index) and (recursive or deep) else ()
        if deep and not (recursive and leaves):
            await read_content(image)
    except (CouldNotCheck, NotFound, Refused) as error:
        return _broken(image, error)
    store = where(image)
    found = _Found()
    await found.take(
        Format.BUNDLE,
        _("referrers of {digest}").format(digest=image.digest),
        _referring(store, image, trust, COSIGN_SIGN),
    )
    if store is not image.store:
        # COSIGN_REPOSITORY moves what cosign makes; notation knows no other place than that of the image.
        notation = _referring(image.store, image, trust, COSIGN_SIGN, kind=mediatypes.NOTATION_SIGNATURE)
        await found.take(Format.NOTATION, _("referrers of {digest}").format(digest=image.digest), notation)
    await found.take(Format.LEGACY, legacy_name(image.digest, SIGNATURES), _legacy_signatures(store, image, trust))
    result = _concluded(image, found, _("it has no signature"))
    if not recursive or not leaves:
        return result
    distinct = {leaf.digest: leaf for leaf in leaves}.values()
    platforms = [await verify(leaf, trust, deep=deep, where=where) for leaf in distinct]
    return _with_platforms(result, platforms)


async def verify_attestation(image: Image, predicate_type: str, trust: Trust, *, where: Where = beside) -> Verification:
    """Verifies an image's attestations of one type, in every format; `Verification.statements` has what they say.

    Args:
        image: what they are about: its digest, whatever its name means by now.
        predicate_type: one of cosign's short names, or a URI.
        trust: whom to believe; its annotations are for signatures, and are not looked for here.
        where: in which store the attestations live.

    Raises:
        UsageError: the type is none.
    """
    uri = predicate_uri(predicate_type)
    try:
        await image.manifest()
    except (CouldNotCheck, NotFound, Refused) as error:
        return _broken(image, error)
    store = where(image)
    found = _Found()
    await found.take(
        Format.BUNDLE, _("referrers of {digest}").format(digest=image.digest), _referring(store, image, trust, uri)
    )
    name = legacy_name(image.digest, ATTESTATIONS)
    await found.take(Format.LEGACY, name, _legacy_attestations(store, image, trust, uri))
    return _concluded(image, found, _("it has no attestation of type {type}").format(type=uri))


async def read_content(image: Image) -> None:
    """Reads all that an image consists of, on every platform, which compares every digest.

    Raises:
        NotFound, DigestMismatch, CouldNotCheck: some of it is not there, is something else, or cannot be read.
    """
    for leaf in await image.platforms():
        manifest = await leaf.manifest()
        for descriptor in (manifest.config, *manifest.layers) if isinstance(manifest, Manifest) else ():
            if "urls" not in descriptor.extra:  # such a layer is kept by its vendor, not here
                async for _piece in leaf.store.blob(descriptor):
                    pass


async def _referring(store: Store, image: Image, trust: Trust, wanted: str, *, kind: str = "") -> AsyncIterator[Check]:
    candidates = [item for item in await store.referrers(image.digest, kind) if may_be_signed(item)]
    examined = 0
    unanswered: CouldNotCheck | None = None
    for referrer in candidates[:MAX_REFERRERS]:
        try:
            async for check in examine_referrer(store, referrer, image, trust, wanted):
                yield check
                examined += 1
                if examined > MAX_REFERRERS:  # in the older format, one referrer may hold many
                    raise TooLarge(
                        _("it has more than {limit} signatures; the rest is not read").format(limit=MAX_REFERRERS)
                    )
        except CouldNotCheck as error:
            if error.retryable:  # the store does not answer, nor would it for the others
                raise
            unanswered = unanswered or error
    if unanswered:
        raise unanswered
    if len(candidates) > MAX_REFERRERS:
        raise TooLarge(_("it has more than {limit} referrers; the rest is not read").format(limit=MAX_REFERRERS))


async def _legacy_signatures(store: Store, image: Image, trust: Trust) -> AsyncIterator[Check | None]:
    manifest = await legacy_manifest(store, image.digest, SIGNATURES)
    for number, layer in enumerate(manifest.layers if manifest else ()):
        yield await examine_legacy_signature(store, number, layer, image.digest, trust)


async def _legacy_attestations(store: Store, image: Image, trust: Trust, wanted: str) -> AsyncIterator[Check | None]:
    manifest = await legacy_manifest(store, image.digest, ATTESTATIONS)
    for number, layer in enumerate(manifest.layers if manifest else ()):
        yield await examine_legacy_attestation(store, number, layer, image.digest, trust, wanted)


@dataclass(slots=True)
class _Found:
    checks: list[Check] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    async def take(self, format_: Format, where: str, checks: AsyncIterator[Check | None]) -> None:
        """Takes over what ``checks`` yields, until it ends or fails."""
        try:
            async for check in checks:
                if check is not None:
                    self.checks.append(check)
        except CouldNotCheck as error:
            self.problems.append(Problem(where, error.code, error.message, error.hint))
        except UndercurrentError as error:
            self.checks.append(refusal(Check(format_, where), error))


def _concluded(image: Image, found: _Found, nothing: str) -> Verification:
    checks, problems = tuple(found.checks), tuple(found.problems)
    accepted = [check for check in checks if check.accepted]
    if accepted:
        makers = dict.fromkeys(check.maker for check in accepted if check.maker)
        who = sorted(maker.hint if isinstance(maker, PublicKey) else maker.subject for maker in makers)
        outcome = Verdict.VERIFIED, "", _("signed by {keys}").format(keys=listed(who))
    elif problems:
        # An acceptable signature may be where nobody answered: this is neither "unsigned" nor "untrusted".
        outcome = Verdict.COULD_NOT_CHECK, problems[0].code, problems[0].message
    elif checks:
        outcome = Verdict.UNTRUSTED, checks[0].reason or "", _several(checks)
    else:
        outcome = Verdict.UNSIGNED, Verdict.UNSIGNED.value, nothing
    return Verification(
        image.name, image.digest, *outcome, checks=checks, problems=problems, platform=image.descriptor.platform
    )


def _several(checks: tuple[Check, ...]) -> str:
    if len(checks) == 1:
        return _("its only signature is refused: {why}").format(why=checks[0].message)
    return _("all its {count} signatures are refused: {why}").format(
        count=len(checks), why=_("; ").join(dict.fromkeys(check.message for check in checks))
    )


def _broken(image: Image, error: UndercurrentError) -> Verification:
    """The verdict on an image that cannot be read itself."""
    problem = Problem(image.name, error.code, error.message, error.hint)
    platform = image.descriptor.platform
    return Verification(
        image.name, image.digest, verdict_of(error), error.code, error.message, problems=(problem,), platform=platform
    )


def verdict_of(error: UndercurrentError) -> Verdict:
    """The verdict on an image of which only an error is known: bytes that are not what they claim are not trusted."""
    return Verdict.UNTRUSTED if isinstance(error, Refused) else Verdict.COULD_NOT_CHECK


def _with_platforms(own: Verification, platforms: list[Verification]) -> Verification:
    worst = min((own, *platforms), key=lambda one: WORST_FIRST.index(one.verdict))
    if worst.verdict is not own.verdict:
        message = _("{platform}: {message}").format(platform=worst.platform or worst.digest, message=worst.message)
        own = replace(own, verdict=worst.verdict, reason=worst.reason, message=message)
    return replace(own, platforms=tuple(platforms))
