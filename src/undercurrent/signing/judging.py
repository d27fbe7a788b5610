"""Whether somebody who is trusted made a signature: a key, or an identity that a trusted root vouches for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import NOTHING
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Reason, SignatureRefusedError, Trust
from undercurrent.signing.identities import Maker
from undercurrent.signing.material import Material

if TYPE_CHECKING:
    from undercurrent.signing.proofs.content import SignedContent

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who made a signature, and when.

    Attributes:
        maker: is trusted.
        signed_at: the earliest proof of time; None if nothing proves it.
        claims: what the certificate says besides, by the names of Fulcio's specification; empty without one.
    """

    maker: Maker
    signed_at: datetime | None = None
    claims: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)


def judge(material: Material, content: "SignedContent", trust: Trust) -> Judgement:
    """Who made a signature.

    Args:
        material: what travels beside it.
        content: the signature, and what it was made over.
        trust: whom to believe.

    Raises:
        SignatureRefusedError: nobody who is trusted did, or something in the material is not right.
    """
    key = trust.maker(lambda key: key.verify(content.signature, content.data))
    if key is not None:
        return _by_key(key, material, content, trust)
    if material.chain and trust.identities and trust.root is not None:
        from undercurrent.signing.proofs.vouching import vouched  # noqa: PLC0415 - keys do without certificates

        found = vouched(material, content, trust.root)
        if not any(pattern.matches(found.identity) for pattern in trust.identities):
            raise SignatureRefusedError(
                Reason.IDENTITY,
                _("it is made by {identity}, for whom {issuer} vouches; that identity is not trusted").format(
                    identity=found.identity.subject, issuer=found.identity.issuer or _("nobody")
                ),
            )
        return Judgement(found.identity, min(found.times), found.claims)
    raise _stranger(material, trust)


def _by_key(key: PublicKey, material: Material, content: "SignedContent", trust: Trust) -> Judgement:
    if trust.root is None or not (material.entries or material.timestamps):
        return Judgement(key)
    from undercurrent.signing.proofs.vouching import witnessed  # noqa: PLC0415 - most keys' signatures have no witness

    return Judgement(key, min(witnessed(material, content, trust.root, key), default=None))


def _stranger(material: Material, trust: Trust) -> SignatureRefusedError:
    """Why nobody who is trusted made the signature."""
    if material.chain:
        return SignatureRefusedError(Reason.CERTIFICATE, _("it is made by a certificate; keys are trusted here"))
    if material.hint in {key.hint for key in trust.keys}:
        return SignatureRefusedError(
            Reason.BAD_SIGNATURE,
            _("it names the trusted key {hint}, which did not make it; it was changed").format(hint=material.hint),
        )
    if material.hint:
        return SignatureRefusedError(
            Reason.UNTRUSTED_KEY, _("it is made by key {hint}, which is not trusted").format(hint=material.hint)
        )
    return SignatureRefusedError(Reason.UNTRUSTED_KEY, _("no trusted key made it; another one did, or it was changed"))
