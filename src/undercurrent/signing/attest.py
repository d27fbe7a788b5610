"""Attaches attestations to images as cosign does: a predicate (an SBOM, a provenance, …) in a signed statement."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.store import Store
from undercurrent.signing import bundle, dsse, statement
from undercurrent.signing.checks import Check, Format, Trust
from undercurrent.signing.examine import (
    LEGACY_PREDICATE_TYPE,
    SIGNATURE,
    examine_bundle,
    examine_legacy_attestation,
)
from undercurrent.signing.identities import Maker
from undercurrent.signing.legacy import to_annotations
from undercurrent.signing.places import (
    ATTESTATIONS,
    Where,
    append_legacy,
    beside,
    exclusively,
    legacy_manifest,
    may_be_bundle,
    push_bundle,
    writable,
)
from undercurrent.signing.predicates import predicate_uri
from undercurrent.signing.sign import BOTH
from undercurrent.signing.signatory import Signatory
from undercurrent.signing.statement import Statement

__all__ = ["Attested", "attach", "attest"]


@dataclass(frozen=True, slots=True)
class Attested:
    """What attesting an image came to.

    Attributes:
        name: the image, as its user writes it.
        digest: what the attestation is about.
        predicate_type: URI.
        maker: whose attestation it is.
        added: formats that were missing.
        present: formats in which the same maker had attested the same already.
        statement: what is stated; where nothing was added, as it was found.
    """

    name: str
    digest: Digest
    predicate_type: str
    maker: Maker
    added: tuple[Format, ...]
    present: tuple[Format, ...]
    statement: Statement

    @property
    def changed(self) -> bool:
        """Whether anything was added."""
        return bool(self.added)


async def attest(
    image: Image,
    predicate: bytes,
    predicate_type: str,
    signatory: Signatory,
    *,
    formats: tuple[Format, ...] = BOTH,
    dry_run: bool = False,
    where: Where = beside,
) -> Attested:
    """Attests a predicate, in each format in which the same maker has not attested it yet.

    Args:
        image: what it is about: its digest, whatever its name means by now.
        predicate: a JSON object, whose bytes are kept as they are; for SPDX also tag-value text.
        predicate_type: one of cosign's short names, or a URI.
        signatory: signs.
        formats: how.
        dry_run: look only; ``added`` is what would be added.
        where: in which store the attestations live.

    Raises:
        UsageError: the type or the predicate is none.
        NotFound: the image is not there any more.
        Unsupported: attestations cannot be written there.
        CouldNotCheck: the store did not answer, so that nobody can say what is attested.
    """
    payload = statement.build_attestation(image.repository, image.digest, predicate_uri(predicate_type), predicate)
    return await attach(image, payload, signatory, formats=formats, dry_run=dry_run, where=where)


async def attach(
    image: Image,
    payload: bytes,
    signatory: Signatory,
    *,
    formats: tuple[Format, ...] = BOTH,
    dry_run: bool = False,
    where: Where = beside,
) -> Attested:
    """Signs a statement and attaches it to an image, in each format in which the same maker has not done so yet.

    Args:
        image: one of those that it is about.
        payload: the statement.
        signatory: signs; `SealsOnce` where the statement is attached to several images.
        formats: how.
        dry_run: look only; ``added`` is what would be added.
        where: in which store the attestations live.

    Raises:
        BadContent: the payload is no statement.
        UndercurrentError: as `attest`.
    """
    wanted = statement.parse(payload, _("the statement"))
    uri = wanted.predicate_type
    subject = (await image.manifest()).descriptor
    store = where(image)
    async with exclusively(store, image.digest):
        there = {format_: await _found(format_, store, wanted, signatory.trust, subject) for format_ in formats}
        present = tuple(format_ for format_ in formats if there[format_])
        missing = tuple(format_ for format_ in formats if format_ not in present)
        if missing and not dry_run:
            target = writable(store)
            sealed = await signatory.seal(payload, dsse.IN_TOTO)
            if Format.BUNDLE in missing:
                raw = bundle.dump(sealed.envelope, sealed.material)
                await push_bundle(target, subject, raw, uri, datetime.now(UTC))
            if Format.LEGACY in missing:
                content = json.dumps(sealed.envelope.to_json(), separators=(",", ":")).encode()
                vouching = to_annotations(sealed.material)
                annotations = {SIGNATURE: "", LEGACY_PREDICATE_TYPE: uri, **vouching}
                layer = Descriptor.of(content, mediatypes.DSSE_ENVELOPE, annotations=annotations)
                await append_legacy(target, image.digest, ATTESTATIONS, layer, content)
    stated = next((found for found in there.values() if found and not missing), wanted)
    return Attested(image.name, image.digest, uri, signatory.maker, missing, present, stated)


async def _found(
    format_: Format, store: Store, wanted: Statement, trust: Trust, subject: Descriptor
) -> Statement | None:
    """What somebody trusted attested about ``subject``, if it is the same; another tool may have, in other bytes."""
    kind, digest = wanted.predicate_type, subject.digest
    if format_ is Format.BUNDLE:
        for referrer in await store.referrers(digest):
            check = await examine_bundle(store, referrer, digest, trust, kind) if may_be_bundle(referrer) else None
            if found := _same(check, wanted):
                return found
        return None
    manifest = await legacy_manifest(store, digest, ATTESTATIONS)
    for number, layer in enumerate(manifest.layers if manifest else ()):
        if found := _same(await examine_legacy_attestation(store, number, layer, digest, trust, kind), wanted):
            return found
    return None


def _same(check: Check | None, wanted: Statement) -> Statement | None:
    """The statement that was checked, if it says the same about all that ``wanted`` is about, maybe about more."""
    found = check.statement if check is not None and check.accepted else None
    if found is None or found.raw == wanted.raw:
        return found
    named = {item for subject in found.subjects for item in subject.digests.items()}
    about_all = all(named & subject.digests.items() for subject in wanted.subjects)
    return found if about_all and found.predicate == wanted.predicate else None
