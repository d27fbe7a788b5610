"""Public keys and signers: which algorithm each kind of key signs with, and what verification accepts.

What is written is what ``cosign verify --key`` (3.1.3) accepts as it is; what is accepted is also what sigstore's
algorithm registry (https://github.com/sigstore/architecture-docs/blob/main/algorithm-registry.md) makes cosign write.
The two differ: cosign signs with Ed25519 keys as Ed25519ph and with P-384 and P-521 keys over SHA-384 and SHA-512, and
its own ``verify`` refuses all three unless it is told. So pure Ed25519 and SHA-256 are written here.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from undercurrent.errors import InvalidKey
from undercurrent.i18n import translate as _

__all__ = ["Data", "KeyKind", "PrivateKey", "PublicKey", "Signer"]

_PublicHandle: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_PrivateHandle: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_SHA256: Final = hashes.SHA256()
_SHA384: Final = hashes.SHA384()
_SHA512: Final = hashes.SHA512()
_SMALLEST_RSA: Final = 2048
_LARGEST_RSA: Final = 8192
_SMALLEST_EXPONENT: Final = 65537
_GENERATED_RSA: Final = 3072
_ED25519_SIGNATURE: Final = 64
_PIECE: Final = 1024 * 1024

Data: TypeAlias = bytes | memoryview
"""What is signed; a file that is large may be mapped into memory."""


class KeyKind(StrEnum):
    """What a key is; the values are what users write."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    ECDSA_P521 = "ecdsa-p521"
    ED25519 = "ed25519"
    RSA = "rsa"


_CURVES: Final = MappingProxyType(
    {
        "secp256r1": KeyKind.ECDSA_P256,
        "secp384r1": KeyKind.ECDSA_P384,
        "secp521r1": KeyKind.ECDSA_P521,
    }
)
# The first is signed with; see the top.
_HASHES: Final = MappingProxyType(
    {
        KeyKind.ECDSA_P256: (_SHA256,),
        KeyKind.ECDSA_P384: (_SHA256, _SHA384),
        KeyKind.ECDSA_P521: (_SHA256, _SHA512),
        KeyKind.RSA: (_SHA256, _SHA384, _SHA512),
    }
)


def _unsupported(what: str) -> InvalidKey:
    return InvalidKey(
        _("{what} is a kind of key that is not supported").format(what=what),
        hint=_("use ECDSA P-256, P-384 or P-521, Ed25519, or RSA with 2048 to 8192 bits"),
    )


def _kind(handle: object) -> KeyKind:
    """The kind of a key of the cryptography package.

    Raises:
        InvalidKey: of none that is supported.
    """
    if isinstance(handle, ec.EllipticCurvePublicKey):
        if kind := _CURVES.get(handle.curve.name):
            return kind
        raise _unsupported(_("an ECDSA key on curve {curve}").format(curve=handle.curve.name))
    if isinstance(handle, ed25519.Ed25519PublicKey):
        return KeyKind.ED25519
    if isinstance(handle, rsa.RSAPublicKey):
        bits, exponent = handle.key_size, handle.public_numbers().e
        if not _SMALLEST_RSA <= bits <= _LARGEST_RSA or exponent < _SMALLEST_EXPONENT:
            raise _unsupported(_("an RSA key with {bits} bits and exponent {e}").format(bits=bits, e=exponent))
        return KeyKind.RSA
    raise _unsupported(type(handle).__name__.removesuffix("PublicKey"))


@lru_cache(maxsize=256)
def _loaded(der: bytes) -> tuple[_PublicHandle, KeyKind]:
    try:
        handle = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKey(_("this is no public key: {reason}").format(reason=error)) from error
    kind = _kind(handle)
    assert isinstance(handle, _PublicHandle)  # noqa: S101 - narrows the type; _kind refused all others
    return handle, kind


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key pair that verifies.

    Attributes:
        der: SubjectPublicKeyInfo, DER.

    Raises:
        InvalidKey: ``der`` is no public key, or one of a kind that is not supported.
    """

    der: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _loaded(self.der)

    @classmethod
    def of(cls, handle: object) -> "PublicKey":
        """From a public key of the cryptography package.

        Raises:
            InvalidKey: it is of a kind that is not supported.
        """
        _kind(handle)
        assert isinstance(handle, _PublicHandle)  # noqa: S101 - narrows the type; _kind refused all others
        return cls(handle.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))

    @property
    def kind(self) -> KeyKind:
        """What key it is."""
        return _loaded(self.der)[1]

    @property
    def pem(self) -> str:
        """As cosign writes it to ``cosign.pub``."""
        body = base64.encodebytes(self.der).decode().replace("\n", "")
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])

    @property
    def hint(self) -> str:
        """What bundles call this key: base64 of the SHA-256 of `der`."""
        return base64.b64encode(hashlib.sha256(self.der).digest()).decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of `der` in hexadecimal digits, which ``openssl`` and people compare."""
        return hashlib.sha256(self.der).hexdigest()

    def verify(self, signature: bytes, data: Data) -> bool:
        """Whether this key made ``signature`` over ``data``, in any way that cosign signs or signed."""
        handle, kind = _loaded(self.der)
        if isinstance(handle, ed25519.Ed25519PublicKey):
            return _verifies(handle, signature, data) or _verifies_prehashed(handle, signature, data)
        return any(_verifies(handle, signature, data, algorithm) for algorithm in _HASHES[kind])


def _verifies(handle: _PublicHandle, signature: bytes, data: Data, algorithm: hashes.HashAlgorithm = _SHA256) -> bool:
    try:
        if isinstance(handle, ec.EllipticCurvePublicKey):
            handle.verify(signature, data, ec.ECDSA(algorithm))
        elif isinstance(handle, rsa.RSAPublicKey):
            handle.verify(signature, cast("bytes", data), padding.PKCS1v15(), algorithm)  # any buffer will do
        else:
            handle.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _verifies_prehashed(handle: ed25519.Ed25519PublicKey, signature: bytes, data: Data) -> bool:
    """Ed25519ph, RFC 8032 section 5.1, with an empty context."""
    if len(signature) != _ED25519_SIGNATURE:
        return False
    from nacl import bindings  # noqa: PLC0415 - few keys are of this kind, and fewer sign so
    from nacl.exceptions import CryptoError  # noqa: PLC0415

    state = bindings.crypto_sign_ed25519ph_state()
    for start in range(0, len(data), _PIECE):
        bindings.crypto_sign_ed25519ph_update(state, bytes(data[start : start + _PIECE]))
    try:
        bindings.crypto_sign_ed25519ph_final_verify(state, signature, handle.public_bytes_raw())
    except CryptoError:
        return False
    return True


class Signer(Protocol):
    """Whatever can sign: a key file, later a token or an identity."""

    @property
    def public(self) -> PublicKey:
        """Verifies what this signs."""
        ...

    async def sign(self, data: bytes) -> bytes:
        """The signature over ``data``."""
        ...


class PrivateKey(Signer):
    """A private key in memory. It shows itself as its public half, and cannot be pickled."""

    def __init__(self, handle: object) -> None:
        """Takes a private key of the cryptography package.

        Raises:
            InvalidKey: it is of a kind that is not supported.
        """
        if not isinstance(handle, _PrivateHandle):
            raise _unsupported(type(handle).__name__.removesuffix("PrivateKey"))
        self._handle = handle
        self._public = PublicKey.of(handle.public_key())

    @classmethod
    def generate(cls, kind: KeyKind = KeyKind.ECDSA_P256) -> "PrivateKey":
        """A new key; RSA gets 3072 bits."""
        match kind:
            case KeyKind.ED25519:
                return cls(ed25519.Ed25519PrivateKey.generate())
            case KeyKind.RSA:
                return cls(rsa.generate_private_key(_SMALLEST_EXPONENT, _GENERATED_RSA))
            case KeyKind.ECDSA_P256:
                return cls(ec.generate_private_key(ec.SECP256R1()))
            case KeyKind.ECDSA_P384:
                return cls(ec.generate_private_key(ec.SECP384R1()))
            case KeyKind.ECDSA_P521:
                return cls(ec.generate_private_key(ec.SECP521R1()))

    @property
    def public(self) -> PublicKey:
        """See `Signer.public`."""
        return self._public

    @property
    def pkcs8(self) -> bytes:
        """The key itself, unencrypted, DER: what cosign's key files encrypt."""
        return self._handle.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    async def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`. ECDSA signatures are ASN.1 DER, RSA is PKCS #1 v1.5."""
        handle = self._handle
        if isinstance(handle, ed25519.Ed25519PrivateKey):
            return handle.sign(data)
        algorithm = _HASHES[self._public.kind][0]
        if isinstance(handle, rsa.RSAPrivateKey):
            return handle.sign(data, padding.PKCS1v15(), algorithm)
        return handle.sign(data, ec.ECDSA(algorithm))

    def __repr__(self) -> str:
        return f"PrivateKey({self._public.kind}, {self._public.hint})"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")
