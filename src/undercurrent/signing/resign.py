"""Signs again with a new key what an old one signed: signatures and attestations, each only where the old one verifies.

What cannot be verified is left as it is: a new key must not bless what the old one never signed.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from undercurrent.errors import CouldNotCheck
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.attached import Attached, attached
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Check, Format, Trust
from undercurrent.signing.places import Where, beside
from undercurrent.signing.sign import BOTH, sign
from undercurrent.signing.signatory import Signatory
from undercurrent.signing.statement import Statement

__all__ = ["Resigned", "resign"]


@dataclass(frozen=True, slots=True)
class Resigned:
    """What signing an image again came to, its platforms included.

    Attributes:
        name: the image, as its user writes it.
        digest: of its manifest or index.
        found: signatures and attestations that the old key made, each counted once whatever the format.
        added: those among them that the new key had not made in some format.
        refused: why nothing was found; "" if something was.
        platforms: of an index, those that the old key signed.
    """

    name: str
    digest: Digest
    found: int
    added: int
    refused: str = ""
    platforms: tuple[Digest, ...] = ()


async def resign(
    image: Image,
    old: PublicKey,
    signatory: Signatory,
    *,
    formats: tuple[Format, ...] = BOTH,
    recorded: AbstractSet[str] | None = None,
    dry_run: bool = False,
    where: Where = beside,
) -> Resigned:
    """Signs an image again, and each image of an index, as the old key did: with its annotations and predicates.

    If somebody else may have the old key, what verifies with it may be theirs. Then only images that are known to have
    been signed are signed again, without anything that a signature says besides, and nothing is attested again.

    Args:
        image: which: its digest, whatever its name means by now.
        old: what has to verify.
        signatory: signs.
        formats: how.
        recorded: digests of what is known to have been signed; None to believe the old key.
        dry_run: look only; ``added`` is what would be added.
        where: in which store the signatures live.

    Raises:
        NotFound, BadContent: the image is not there any more, or damaged.
        Unsupported: signatures cannot be written there.
        CouldNotCheck: a place did not answer, so that nobody can say what the old key signed.
    """
    hung = await attached(image, trust=Trust((old,)), where=where)
    manifest = await image.manifest()
    leaves = {leaf.digest: leaf for leaf in await image.platforms()} if isinstance(manifest, Index) else {}
    every = [(image, hung), *((leaves[platform.digest], platform) for platform in hung.platforms)]
    for _image, part in every:
        for problem in part.problems:
            raise CouldNotCheck(_("{what}: {why}").format(what=problem.where, why=problem.message), hint=problem.hint)
    added = []
    for one, part in every:
        for annotations in _signatures(part, recorded):
            signed = await sign(one, signatory, formats=formats, annotations=annotations, dry_run=dry_run, where=where)
            added.append(signed.changed)
        for statement in _statements(part) if recorded is None else ():
            predicate, kind = _predicate(statement), statement.predicate_type
            attested = await attest(one, predicate, kind, signatory, formats=formats, dry_run=dry_run, where=where)
            added.append(attested.changed)
    platforms = tuple(part.digest for _one, part in every[1:] if _signatures(part, recorded))
    return Resigned(image.name, image.digest, len(added), sum(added), "" if added else _why_not(hung), platforms)


def _accepted(part: Attached) -> Iterable[Check]:
    return [item.check for item in part.attachments if item.check is not None and item.check.accepted]


def _signatures(part: Attached, recorded: AbstractSet[str] | None) -> list[dict[str, str]]:
    """What the old key's signatures say besides, each once. What is not text was never said by `uc` or cosign."""
    signatures = [check for check in _accepted(part) if check.is_signature]
    if recorded is not None:
        return [{}] if signatures and part.digest in recorded else []
    said = [
        {name: value for name, value in check.annotations.items() if isinstance(value, str)} for check in signatures
    ]
    return [annotations for number, annotations in enumerate(said) if annotations not in said[:number]]


def _statements(part: Attached) -> list[Statement]:
    """What the old key attested, each once: the same is there in both formats."""
    found: list[Statement] = []
    for check in _accepted(part):
        statement = check.statement
        if statement is not None and not check.is_signature and not any(_same(statement, other) for other in found):
            found.append(statement)
    return found


def _same(one: Statement, other: Statement) -> bool:
    return one.predicate_type == other.predicate_type and one.predicate == other.predicate


def _predicate(statement: Statement) -> bytes:
    """The predicate as `attest` takes it; SPDX's tag-value text is a JSON string inside a statement."""
    return statement.predicate.encode() if isinstance(statement.predicate, str) else statement.predicate_bytes


def _why_not(hung: Attached) -> str:
    refused = [item.check.message for item in hung.attachments if item.check is not None and item.check.message]
    return _("; ").join(dict.fromkeys(refused)) or _("it has no signature")
