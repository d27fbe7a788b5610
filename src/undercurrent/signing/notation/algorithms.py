"""Which algorithm a certificate's key signs with, and whether it made a signature.

The key alone decides ("Algorithm Selection" of
https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md): what an envelope says
must agree with it, so that nobody can choose a weaker one for somebody else's key.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

__all__ = ["BY_COSE", "BY_NAME", "Algorithm", "algorithm_of"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to sign.

    Attributes:
        name: in JWS, https://www.rfc-editor.org/rfc/rfc7518#section-3.1.
        cose: in COSE, https://www.iana.org/assignments/cose/cose.xhtml#algorithms.
        hash: what is hashed with; also before a timestamp is asked for.
        coordinate: bytes of each half of an ECDSA signature; 0 for RSA.
    """

    name: str
    cose: int
    hash: hashes.HashAlgorithm
    coordinate: int = 0

    def verifies(self, key: object, signature: bytes, data: bytes) -> bool:
        """Whether ``key``, which signs with this algorithm, made ``signature`` over ``data``."""
        try:
            if isinstance(key, rsa.RSAPublicKey):
                pss = padding.PSS(padding.MGF1(self.hash), padding.PSS.DIGEST_LENGTH)
                key.verify(signature, data, pss, self.hash)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(self._dss(signature), data, ec.ECDSA(self.hash))
            else:
                return False
        except InvalidSignature:
            return False
        return True

    def _dss(self, signature: bytes) -> bytes:
        """An ECDSA signature as ASN.1; it comes as both halves, one behind the other."""
        if len(signature) != 2 * self.coordinate:
            raise InvalidSignature
        r, s = signature[: self.coordinate], signature[self.coordinate :]
        return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))


_RSA: Final = MappingProxyType(
    {
        2048: Algorithm("PS256", -37, hashes.SHA256()),
        3072: Algorithm("PS384", -38, hashes.SHA384()),
        4096: Algorithm("PS512", -39, hashes.SHA512()),
    }
)
_CURVES: Final = MappingProxyType(
    {
        "secp256r1": Algorithm("ES256", -7, hashes.SHA256(), 32),
        "secp384r1": Algorithm("ES384", -35, hashes.SHA384(), 48),
        "secp521r1": Algorithm("ES512", -36, hashes.SHA512(), 66),
    }
)
_ALL: Final = (*_RSA.values(), *_CURVES.values())
BY_NAME: Final = MappingProxyType({algorithm.name: algorithm for algorithm in _ALL})
"""All of them, by what JWS calls them."""
BY_COSE: Final = MappingProxyType({algorithm.cose: algorithm for algorithm in _ALL})
"""All of them, by their numbers in COSE."""


def algorithm_of(key: object) -> Algorithm | None:
    """What ``key``, a public key of the cryptography package, signs with; None if notation has no use for it."""
    if isinstance(key, rsa.RSAPublicKey):
        return _RSA.get(key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name)
    return None
