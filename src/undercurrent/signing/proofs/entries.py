"""Bodies of log entries: that an entry is about one signature, by one key or certificate, over one content.

Without this, an entry that the log really has would vouch for the time of any other signature. Formats:
https://github.com/sigstore/rekor/tree/main/pkg/types (hashedrekord, dsse and intoto; version 1 of the log) and
https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2 (version 2).
"""

import base64
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from undercurrent.errors import BadContent, InvalidKey
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import protojson
from undercurrent.signing.algorithms import Data, PublicKey
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.dsse import decode_base64
from undercurrent.signing.material import LogEntry
from undercurrent.signing.proofs.content import HASHES, SignedContent

__all__ = ["Verifier", "require_about"]

Verifier: TypeAlias = PublicKey | bytes
"""What an entry says that the signature verifies with: a key, or a certificate in DER."""

_WHAT: Final = "the log entry"
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


def require_about(entry: LogEntry, content: SignedContent, verifier: Verifier) -> None:
    """Makes sure that an entry is about this signature.

    Args:
        entry: is in the log; that is not looked at here.
        content: the signature, and what it was made over.
        verifier: what it verifies with.

    Raises:
        SignatureRefusedError: it is about another signature, key, certificate or content, or of a kind that cannot
            be read.
    """
    try:
        document = strictjson.loads_object(entry.body, _WHAT)
        kind, version = (protojson.text(document, name, _WHAT) for name in ("kind", "apiVersion"))
        spec = protojson.message(document, "spec", _WHAT)
        if (kind, version) != (entry.kind, entry.version):
            raise _refused(_("its log entry is of another kind"))
        reader = _READERS.get((kind, version))
        if reader is None:
            raise SignatureRefusedError(
                Reason.UNSUPPORTED,
                _("its log entry is of kind {kind} {version}, which cannot be read").format(
                    kind=kind[:40], version=version[:40]
                ),
            )
        reader(spec, content, verifier)
    except BadContent as error:
        raise SignatureRefusedError(Reason.LOG, error.message) from error


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.LOG, message)


def _another_key() -> SignatureRefusedError:
    return _refused(_("its log entry is about another key"))


def _another_certificate() -> SignatureRefusedError:
    return _refused(_("its log entry is about another certificate"))


def _require_hash(fields: Mapping[str, Any], data: Data) -> None:
    """Of version 1: ``{"algorithm": "sha256", "value": hexadecimal}``."""
    algorithm, value = (protojson.text(fields, name, _WHAT) for name in ("algorithm", "value"))
    function = HASHES.get(algorithm)
    if function is None or function(data).hexdigest() != value:
        raise _refused(_("its log entry is about other content"))


def _require_digest(fields: Mapping[str, Any], data: Data) -> None:
    """Of version 2: ``{"algorithm": "SHA2_256", "digest": base64}``."""
    function = HASHES.get(protojson.text(fields, "algorithm", _WHAT))
    if function is None or function(data).digest() != protojson.octets(fields, "digest", _WHAT):
        raise _refused(_("its log entry is about other content"))


def _require_signature(signature: bytes, content: SignedContent) -> None:
    if signature != content.signature:
        raise _refused(_("its log entry is about another signature"))


def _require_pem(pem: bytes, verifier: Verifier) -> None:
    """Of version 1: a certificate, or a public key, as PEM."""
    text = pem.decode("ascii", "replace")
    match = _CERTIFICATE.search(text)
    found: Verifier | None = None
    if match:
        found = decode_base64("".join(match[1].split()), _("the certificate of the log entry"))
    else:
        try:
            found = PublicKey.of(load_pem_public_key(pem))
        except (ValueError, UnsupportedAlgorithm, InvalidKey) as error:
            raise _another_key() from error
    if found != verifier:
        raise _another_certificate() if match else _another_key()


def _require_verifier(fields: Mapping[str, Any], verifier: Verifier) -> None:
    """Of version 2: ``{"x509Certificate": {"rawBytes": DER}}``, or the same with ``publicKey``."""
    certificate = protojson.octets(protojson.message(fields, "x509Certificate", _WHAT), "rawBytes", _WHAT)
    key = protojson.octets(protojson.message(fields, "publicKey", _WHAT), "rawBytes", _WHAT)
    if isinstance(verifier, PublicKey):
        if certificate or key != verifier.der:
            raise _another_key()
    elif key or certificate != verifier:
        raise _another_certificate()


def _payload(content: SignedContent) -> bytes:
    if content.envelope is None:
        raise _refused(_("its log entry is of another kind"))
    return content.envelope.payload


def _hashedrekord_1(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    signature = protojson.message(spec, "signature", _WHAT)
    _require_signature(protojson.octets(signature, "content", _WHAT), content)
    _require_pem(protojson.octets(protojson.message(signature, "publicKey", _WHAT), "content", _WHAT), verifier)
    hashed = protojson.message(protojson.message(spec, "data", _WHAT), "hash", _WHAT)
    _require_hash(hashed, content.data)


def _hashedrekord_2(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    spec = protojson.message(spec, "hashedRekordV002", _WHAT)
    _require_signature_2(protojson.message(spec, "signature", _WHAT), content, verifier)
    _require_digest(protojson.message(spec, "data", _WHAT), content.data)


def _dsse_1(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    payload = _payload(content)
    for signature in _one(protojson.messages(spec, "signatures", _WHAT, 1)):
        _require_signature(protojson.octets(signature, "signature", _WHAT), content)
        _require_pem(protojson.octets(signature, "verifier", _WHAT), verifier)
    _require_hash(protojson.message(spec, "payloadHash", _WHAT), payload)


def _dsse_2(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    payload = _payload(content)
    spec = protojson.message(spec, "dsseV002", _WHAT)
    for signature in _one(protojson.messages(spec, "signatures", _WHAT, 1)):
        _require_signature_2(signature, content, verifier)
    _require_digest(protojson.message(spec, "payloadHash", _WHAT), payload)


def _intoto_1(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    """This one has no signature in it: the key and the payload have to do, as in cosign."""
    payload = _payload(content)
    _require_pem(protojson.octets(spec, "publicKey", _WHAT), verifier)
    hashed = protojson.message(protojson.message(spec, "content", _WHAT), "payloadHash", _WHAT)
    _require_hash(hashed, payload)


def _intoto_2(spec: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    payload = _payload(content)
    logged = protojson.message(spec, "content", _WHAT)
    envelope = protojson.message(logged, "envelope", _WHAT)
    for signature in _one(protojson.messages(envelope, "signatures", _WHAT, 1)):
        # Rekor encodes this one twice: https://github.com/sigstore/rekor/issues/1139
        if protojson.octets(signature, "sig", _WHAT) != base64.b64encode(content.signature):
            raise _refused(_("its log entry is about another signature"))
        _require_pem(protojson.octets(signature, "publicKey", _WHAT), verifier)
    _require_hash(protojson.message(logged, "payloadHash", _WHAT), payload)


def _require_signature_2(fields: Mapping[str, Any], content: SignedContent, verifier: Verifier) -> None:
    _require_signature(protojson.octets(fields, "content", _WHAT), content)
    _require_verifier(protojson.message(fields, "verifier", _WHAT), verifier)


def _one(signatures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The signatures, of which there is one."""
    if not signatures:
        raise _refused(_("its log entry is about another signature"))
    return signatures


_Reader: TypeAlias = Callable[[Mapping[str, Any], SignedContent, Verifier], None]
_READERS: Final[Mapping[tuple[str, str], _Reader]] = MappingProxyType(
    {
        ("hashedrekord", "0.0.1"): _hashedrekord_1,
        ("hashedrekord", "0.0.2"): _hashedrekord_2,
        ("dsse", "0.0.1"): _dsse_1,
        ("dsse", "0.0.2"): _dsse_2,
        ("intoto", "0.0.1"): _intoto_1,
        ("intoto", "0.0.2"): _intoto_2,
    }
)
