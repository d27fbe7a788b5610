"""Asks a certificate authority (Fulcio) for a certificate that binds a key to whom an identity token names.

API: https://github.com/sigstore/fulcio/blob/v1.8.8/fulcio.proto, ``CreateSigningCertificate``.
"""

import base64
import json
from http import HTTPStatus
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from undercurrent.errors import InvalidKey, Unauthorized, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, redact
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.der import load_certificate
from undercurrent.signing.keyless.asking import json_of, post, said
from undercurrent.signing.keyless.identitytoken import AUDIENCE, IdentityToken
from undercurrent.signing.keyless.instance import Service

__all__ = ["certificate_for"]

_NOT_YOU: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""What is wrong with a request of ours can only be its token; Fulcio calls that a bad request."""


async def certificate_for(
    client: Client, authority: Service, token: IdentityToken, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate for ``key``, made out to whom ``token`` names.

    That the authority may be trusted, and that a log knows of the certificate, is shown later, with all the rest.

    Args:
        client: asks.
        authority: whom.
        token: for it.
        key: whose public half is certified; its possession is proved by a signing request (RFC 2986).

    Raises:
        Unauthorized: the authority does not accept the token.
        UnexpectedAnswer: it answers with something else than a certificate for this key.
        CouldNotCheck: it could not be asked.
    """
    # The name in it does not count: the authority takes that from the token.
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    content = json.dumps({"certificateSigningRequest": base64.b64encode(pem).decode()}).encode()
    answer = await post(client, f"{authority.url}/api/v2/signingCert", content, token=token.raw)
    if answer.status in _NOT_YOU:
        raise Unauthorized(
            _("the identity token of {issuer} is not accepted{said}").format(
                issuer=redact(token.issuer), said=said(answer)
            ),
            hint=_(
                "it has to be fresh, meant for the audience {audience}, and from an issuer that this authority knows"
            ).format(audience=AUDIENCE),
        )
    certificate = _certificate(answer)
    try:
        is_ours = PublicKey.of(certificate.public_key()) == PublicKey.of(key.public_key())
    except (ValueError, UnsupportedAlgorithm, InvalidKey):
        is_ours = False
    if not is_ours:
        raise UnexpectedAnswer(_("{url} gave a certificate for another key").format(url=redact(answer.url)))
    return certificate


def _certificate(answer: Answer) -> x509.Certificate:
    """The first certificate of the chain in an answer. The others are known from the root of trust, or not at all."""
    document = json_of(answer)
    for kind in ("signedCertificateEmbeddedSct", "signedCertificateDetachedSct"):
        try:
            return load_certificate(str(document[kind]["chain"]["certificates"][0]))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            continue
    raise UnexpectedAnswer(_("{url} gave no certificate that can be read").format(url=redact(answer.url)))
