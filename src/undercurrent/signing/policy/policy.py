"""A policy, ready to decide: authorities with their keys read, rules with their patterns compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from undercurrent.oci.digest import Digest
from undercurrent.signing.checks import Trust
from undercurrent.signing.policy.conditions import Condition
from undercurrent.signing.policy.fields import FieldPath
from undercurrent.signing.policy.patterns import ImagePattern

__all__ = ["Attestation", "Authority", "Match", "Policy", "Quorum", "Rule"]


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody who may be asked for.

    Attributes:
        name: what rules call it.
        trust: the keys and identities of which any one is enough.
    """

    name: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of which authorities.

    Attributes:
        authorities: their names.
        needed: how many of them, at least 1.
    """

    authorities: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Attestation:
    """An attestation that is asked for.

    Attributes:
        predicate_type: URI.
        by: who must have made it.
        where: what it has to say.
        every: whether every one that an authority made has to, instead of one.
        newest: where the time stands of which only the newest attestation counts; None if all count.
    """

    predicate_type: str
    by: Quorum
    where: tuple[Condition, ...] = ()
    every: bool = False
    newest: FieldPath | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a rule is about an image, and the pattern that says so.

    Attributes:
        applies: whether it is.
        pattern: the first that matched: of those that leave images out, if one of them did; None if none did.
    """

    applies: bool
    pattern: ImagePattern | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of some images.

    Attributes:
        name: what explanations call it.
        images: patterns of their names.
        excluded: patterns of names that it leaves out.
        signed_by: who must have signed; None if nobody has to.
        annotations: what each signature must say besides.
        every_platform: whether all of it is asked of each platform of an index, too.
        attestations: what the images must have. Without these and without ``signed_by``, nothing is asked for.
    """

    name: str
    images: tuple[ImagePattern, ...]
    excluded: tuple[ImagePattern, ...] = ()
    signed_by: Quorum | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    every_platform: bool = False
    attestations: tuple[Attestation, ...] = ()

    def match(self, name: str, digest: Digest | None) -> Match:
        """Whether this rule is about the image called ``name``, with that digest."""
        pattern = _first(self.images, name, digest)
        if pattern is None:
            return Match(applies=False)
        out = _first(self.excluded, name, digest)
        return Match(applies=out is None, pattern=out or pattern)

    @property
    def asks(self) -> bool:
        """Whether it asks for anything."""
        return bool(self.signed_by or self.attestations)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy.

    Attributes:
        path: of its file.
        digest: of its file.
        authorities: by name.
        rules: in the order of the file.
        allow_others: whether an image that no rule matches may pass.
    """

    path: Path
    digest: Digest
    authorities: Mapping[str, Authority]
    rules: tuple[Rule, ...]
    allow_others: bool = False

    def match(self, name: str, digest: Digest | None) -> Iterator[tuple[Rule, Match]]:
        """Every rule, and whether it is about the image called ``name``, with that digest."""
        for rule in self.rules:
            yield rule, rule.match(name, digest)


def _first(patterns: tuple[ImagePattern, ...], name: str, digest: Digest | None) -> ImagePattern | None:
    return next((pattern for pattern in patterns if pattern.matches(name, digest)), None)
