"""Who made a signature and when, from what travels beside it and a trusted root. It fails closed.

Specification: https://github.com/sigstore/architecture-docs/blob/main/client-spec.md#4-verification. What is by a log
or an authority that the trusted root has must be right, all of it; what is by others proves nothing, and is passed over
as sigstore's own clients do: anybody could have taken it away, or put it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from undercurrent.errors import InvalidKey
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.identities import Identity
from undercurrent.signing.material import Material
from undercurrent.signing.proofs import certificates, fulcio, transparency
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.proofs.entries import Verifier, require_about
from undercurrent.signing.proofs.logs import is_logged, log_of
from undercurrent.signing.proofs.timestamps import is_timestamped
from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = ["Vouched", "certified", "vouched", "witnessed"]


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a certificate, and the proofs of its time, say about a signature.

    Attributes:
        identity: whom the certificate was made out to.
        key: made the signature.
        times: when the signature was there already, as logs and timestamp authorities confirm; at least one.
        claims: what the certificate says besides, by the names of Fulcio's specification: ``build_signer_uri``, ….
    """

    identity: Identity
    key: PublicKey
    times: tuple[datetime, ...]
    claims: Mapping[str, str] = field(repr=False)


def certified(certificate: x509.Certificate, root: TrustedRoot) -> Identity:
    """Whom a certificate was made out to, by an authority that is trusted; for whoever is about to sign with it.

    Args:
        certificate: as the authority gave it.
        root: whom to trust.

    Raises:
        SignatureRefusedError: something is not right, so that no signature made with it would be believed.
    """
    ways = certificates.paths((certificate.public_bytes(Encoding.DER),), root)
    issuer = certificates.require_valid(ways, certificate.not_valid_before_utc).issuer
    transparency.require_logged(certificate, issuer, root)
    return fulcio.identity(certificate)


def vouched(material: Material, content: SignedContent, root: TrustedRoot) -> Vouched:
    """Who made a signature that a certificate vouches for.

    Args:
        material: what travels beside the signature.
        content: the signature, and what it was made over.
        root: whom to trust.

    Raises:
        SignatureRefusedError: something is not right, or not proved.
    """
    if not material.chain:
        raise SignatureRefusedError(Reason.CERTIFICATE, _("no certificate vouches for it"))
    leaf = certificates.load(material.certificate)
    ways = certificates.paths(material.chain, root)
    try:
        key = PublicKey.of(leaf.public_key())
    except (InvalidKey, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureRefusedError(Reason.UNSUPPORTED, _("the key in its certificate is not supported")) from error
    if not key.verify(content.signature, content.data):
        raise SignatureRefusedError(
            Reason.BAD_SIGNATURE, _("the key in its certificate did not make it; it was changed")
        )
    times = _times(material, content, root, material.certificate)
    for time in times:
        transparency.require_logged(leaf, certificates.require_valid(ways, time).issuer, root)
    return Vouched(fulcio.identity(leaf), key, times, fulcio.claims(leaf))


def witnessed(material: Material, content: SignedContent, root: TrustedRoot, key: PublicKey) -> tuple[datetime, ...]:
    """When a signature of a trusted key was there already; empty if nothing that is trusted says so.

    Args:
        material: what travels beside the signature.
        content: the signature, and what it was made over.
        root: whom to trust about time.
        key: made the signature; that is not looked at here.

    Raises:
        SignatureRefusedError: a log entry or a timestamp is there, and not right.
    """
    return _proven(material, content, root, material.certificate or key)[0]


def _times(material: Material, content: SignedContent, root: TrustedRoot, verifier: Verifier) -> tuple[datetime, ...]:
    """The times of `_proven`; that there is one, and a log entry where the trusted root has logs, is made sure of."""
    times, logged = _proven(material, content, root, verifier)
    if root.logs and not logged:
        problem = _("no log that is trusted has it") if material.entries else _("there is no log entry for it")
        raise SignatureRefusedError(Reason.LOG, problem)
    if not times:
        if material.timestamps:
            raise SignatureRefusedError(Reason.TIMESTAMP, _("its timestamps are by authorities that are not trusted"))
        raise SignatureRefusedError(
            Reason.NO_TIME,
            _("nothing proves when it was made, so that nobody can say whether its certificate was valid"),
        )
    return times


def _proven(
    material: Material, content: SignedContent, root: TrustedRoot, verifier: Verifier
) -> tuple[tuple[datetime, ...], int]:
    """The proven times, and how many entries are in trusted logs."""
    stamped = [is_timestamped(response, content.signature, root) for response in material.timestamps]
    times, logged = [time for time in stamped if time is not None], 0
    witnesses = tuple(times)
    for entry in material.entries:
        log = log_of(entry, root)
        if log is None:
            continue
        require_about(entry, content, verifier)
        time = is_logged(entry, log)
        if time is not None:
            times.append(time)
        elif witnesses and not any(log.validity.covers(witness) for witness in witnesses):
            raise SignatureRefusedError(
                Reason.LOG, _("the log {url} was not in use when its entry was made").format(url=log.url)
            )
        logged += 1
    return tuple(times), logged
