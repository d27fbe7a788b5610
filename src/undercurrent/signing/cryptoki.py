"""PKCS #11 as its libraries speak it: finds tokens and keys, reads public halves, has keys sign. All of it blocks.

`undercurrent.signing.tokens` calls it from the one thread that may. This is the only module that imports python-pkcs11.
Specification: https://docs.oasis-open.org/pkcs11/pkcs11-base/v3.0/pkcs11-base-v3.0.html
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from undercurrent.errors import InvalidKey, MissingExtra, NotFound, SignerFailed, UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import KeyKind, PublicKey
from undercurrent.signing.der import load_certificate
from undercurrent.signing.pkcs11uri import Pkcs11Uri

if TYPE_CHECKING:
    from pkcs11 import Object, Session, Token

__all__ = ["FoundToken", "OpenKey", "explained", "find_token", "open_key", "read_public"]

_CURVES: Final = {
    bytes.fromhex("06082a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("06052b81040022"): ec.SECP384R1(),
    bytes.fromhex("06052b81040023"): ec.SECP521R1(),
}
"""Named curves as CKA_EC_PARAMS has them: object identifiers, DER."""
_ED25519_SIZE: Final = 32
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo up to the digest: https://www.rfc-editor.org/rfc/rfc8017#section-9.2"""


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token that is there.

    Attributes:
        handle: of the library.
        label: its name.
        wants_pin: whether its private keys need a login.
        has_keypad: whether it asks for the PIN itself.
        last_try: whether the next wrong PIN locks it.
    """

    handle: "Token" = field(repr=False)
    label: str
    wants_pin: bool
    has_keypad: bool
    last_try: bool


@contextmanager
def explained(uri: Pkcs11Uri) -> Iterator[None]:
    """Says in our words what a library says in its own, which are no more than names of errors.

    Raises:
        MissingExtra: python-pkcs11 is not installed.
        InvalidKey: the PIN was refused.
        SignerFailed: the token is gone, or does not do what it should.
    """
    try:
        from pkcs11 import exceptions as theirs  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("python-pkcs11", "pkcs11", _("{key} needs python-pkcs11").format(key=uri)) from error
    try:
        yield
    except (theirs.PinIncorrect, theirs.PinInvalid, theirs.PinLenRange) as error:
        raise InvalidKey(
            _("{key}: the PIN is wrong").format(key=uri),
            hint=_("it was tried once; most tokens lock themselves after three wrong ones"),
        ) from error
    except (theirs.PinLocked, theirs.PinExpired, theirs.UserPinNotInitialized) as error:
        raise InvalidKey(
            _("{key}: the token takes no PIN: it is locked, too old, or was never set").format(key=uri),
            hint=_("whoever has the security officer's PIN can set a new one"),
        ) from error
    except _gone() as error:
        raise SignerFailed(
            _("{key}: the token is gone").format(key=uri),
            hint=_("put it back, then run the same command again: it goes on where this one stopped"),
        ) from error
    except theirs.PKCS11Error as error:
        raise SignerFailed(
            _("{key}: the token does not do it: {reason}").format(key=uri, reason=_reason(error)),
            hint=_("`pkcs11-tool --list-slots` of OpenSC shows whether the token works"),
        ) from error


def _gone() -> tuple[type[Exception], ...]:
    """What libraries say when a token is pulled out: each says something else."""
    from pkcs11 import exceptions as theirs  # noqa: PLC0415 - an extra

    return (
        theirs.DeviceError,
        theirs.DeviceRemoved,
        theirs.KeyHandleInvalid,
        theirs.ObjectHandleInvalid,
        theirs.SessionClosed,
        theirs.SessionHandleInvalid,
        theirs.SlotIDInvalid,
        theirs.TokenNotPresent,
        theirs.TokenNotRecognised,
    )


def find_token(uri: Pkcs11Uri, module: str) -> FoundToken:
    """The one token that ``uri`` means.

    Args:
        uri: names it.
        module: file of the library that talks to it.

    Raises:
        NotFound, UsageError: no token is meant, or several are.
        SignerFailed: the library cannot be loaded.
    """
    from pkcs11 import PKCS11Error, TokenFlag, lib  # noqa: PLC0415 - an extra

    try:
        library = lib(module)
    except PKCS11Error as error:
        raise SignerFailed(
            _("{module} cannot be loaded: {reason}").format(module=module, reason=_reason(error)),
            hint=_("name the PKCS #11 library of the token's maker with module-path"),
        ) from error
    tokens = [slot.get_token() for slot in library.get_slots(token_present=True)]
    there = [token for token in tokens if TokenFlag.TOKEN_INITIALIZED in token.flags]
    found = [token for token in there if _is_meant(uri, token)]
    hint = _("there are: {tokens}").format(
        tokens=listed([f"{token.label!r} (slot-id={token.slot.slot_id})" for token in there]) or _("none")
    )
    if not found:
        raise NotFound(_("{key}: there is no such token").format(key=uri), hint=hint)
    if len(found) > 1:
        raise UsageError(_("{key}: {count} tokens are called so").format(key=uri, count=len(found)), hint=hint)
    flags = found[0].flags
    return FoundToken(
        found[0],
        found[0].label,
        wants_pin=TokenFlag.LOGIN_REQUIRED in flags,
        has_keypad=TokenFlag.PROTECTED_AUTHENTICATION_PATH in flags,
        last_try=TokenFlag.USER_PIN_FINAL_TRY in flags,
    )


class OpenKey:
    """A private key in a token that is logged in to.

    Attributes:
        public: verifies what it signs.
    """

    def __init__(self, session: "Session", key: Any, public: PublicKey, pin: str | None) -> None:
        self.public = public
        self._session = session
        self._key = key
        self._pin = pin

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``, in the form and with the hash that `PrivateKey.sign` uses."""
        from pkcs11 import Mechanism  # noqa: PLC0415 - an extra

        if self.public.kind is KeyKind.ED25519:
            return self._signed(data, Mechanism.EDDSA)
        # Hashed here: tokens are slow, some cannot hash, and attestations are large.
        digest = hashlib.sha256(data).digest()
        if self.public.kind is KeyKind.RSA:
            return self._signed(_SHA256_INFO + digest, Mechanism.RSA_PKCS)
        raw = self._signed(digest, Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def close(self) -> None:
        """Logs out."""
        self._session.close()

    def _signed(self, data: bytes, mechanism: Any) -> bytes:
        return bytes(self._key.sign(data, mechanism=mechanism, **({"pin": self._pin} if self._pin else {})))


def open_key(uri: Pkcs11Uri, token: FoundToken, pin: str | None) -> OpenKey:
    """The one private key that ``uri`` means.

    Args:
        uri: names it.
        token: that it is in.
        pin: of the token; None where the token asks for it itself, or wants none.

    Raises:
        NotFound, UsageError: no key is meant, or several are.
        InvalidKey: it cannot sign, or is of a kind that is not supported.
    """
    from pkcs11 import Attribute  # noqa: PLC0415 - an extra

    session = _session(token, pin)
    try:
        key = _private_key(uri, session)
        public = _public_half(uri, session, key)
        each_time = bool(_read(key, Attribute.ALWAYS_AUTHENTICATE, default=False))
    except BaseException:
        session.close()
        raise
    return OpenKey(session, key, public, pin if each_time else None)


def read_public(uri: Pkcs11Uri, token: FoundToken) -> PublicKey:
    """The public half of a key, which tokens show without a PIN. Raises what `open_key` does."""
    with token.handle.open() as session:
        return _public_half(uri, session, None)


def _session(token: FoundToken, pin: str | None) -> "Session":
    from pkcs11 import PROTECTED_AUTH, UserAlreadyLoggedIn  # noqa: PLC0415 - an extra

    if not token.wants_pin:
        return token.handle.open()
    try:
        return token.handle.open(user_pin=PROTECTED_AUTH if token.has_keypad else pin)
    except UserAlreadyLoggedIn:  # a process is logged in to a token as a whole: another key of it is open
        return token.handle.open()


def _is_meant(uri: Pkcs11Uri, token: "Token") -> bool:
    pairs = (
        (uri.token, token.label),
        (uri.serial, token.serial.decode("utf-8", "replace").strip("\0 ")),
        (uri.manufacturer, token.manufacturer_id),
        (uri.model, token.model),
    )
    return uri.slot in {None, token.slot.slot_id} and all(wanted in {"", there} for wanted, there in pairs)


def _matching(
    uri: Pkcs11Uri, session: "Session", kind: Any, more: Mapping[Any, Any] = MappingProxyType({})
) -> "list[Object]":
    from pkcs11 import Attribute  # noqa: PLC0415 - an extra

    wanted = {Attribute.LABEL: uri.object, Attribute.ID: uri.id}
    template = {attribute: value for attribute, value in wanted.items() if value}
    return list(session.get_objects({Attribute.CLASS: kind, **template, **more}))


def _private_key(uri: Pkcs11Uri, session: "Session") -> "Object":
    from pkcs11 import ObjectClass, SignMixin  # noqa: PLC0415 - an extra

    found = _matching(uri, session, ObjectClass.PRIVATE_KEY)
    if not found:
        others = _named(_matching(Pkcs11Uri(), session, ObjectClass.PRIVATE_KEY))
        raise NotFound(
            _("{key}: the token has no such private key").format(key=uri),
            hint=_("it has: {keys}").format(keys=others or _("none")),
        )
    if len(found) > 1:
        raise UsageError(
            _("{key}: {count} keys are called so").format(key=uri, count=len(found)),
            hint=_("say which, with object=… and id=…: {keys}").format(keys=_named(found)),
        )
    if not isinstance(found[0], SignMixin):
        raise InvalidKey(_("{key}: the token does not let this key sign").format(key=uri))
    return found[0]


def _named(keys: "Iterable[Object]") -> str:
    from pkcs11 import Attribute  # noqa: PLC0415 - an extra

    uris = [
        Pkcs11Uri(object=_read(key, Attribute.LABEL, default=""), id=_read(key, Attribute.ID, default=b""))
        for key in keys
    ]
    return listed(sorted(str(uri).partition(":")[2] for uri in uris))


def _public_half(uri: Pkcs11Uri, session: "Session", key: "Object | None") -> PublicKey:
    """From a public key of the same name, or from a certificate; of RSA, from the private key as well."""
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415 - an extra

    if key is not None and key[Attribute.KEY_TYPE] == KeyType.RSA:
        return _public_key(uri, key)
    found = _public_keys(uri, session, {})
    if key is not None and len(found) != 1:
        # Pairs share their id by custom; what the user said of the private key need not hold for its public half.
        pair = Pkcs11Uri(id=_read(key, Attribute.ID, default=b""))
        same = {name: _read(key, name, default=None) for name in (Attribute.KEY_TYPE, Attribute.EC_PARAMS)}
        found = _public_keys(pair if pair.id else uri, session, {name: same[name] for name in same if same[name]})
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            _("{key}: the token has {count} public keys that are called so").format(key=uri, count=len(found)),
            hint=_("give each key pair an id of its own"),
        )
    raise NotFound(
        _("{key}: the token has no public key and no certificate to this key").format(key=uri),
        hint=_("write one into it, with the same id"),
    )


def _public_keys(uri: Pkcs11Uri, session: "Session", more: Mapping[Any, Any]) -> list[PublicKey]:
    from pkcs11 import ObjectClass  # noqa: PLC0415 - an extra

    keys = [_public_key(uri, item) for item in _matching(uri, session, ObjectClass.PUBLIC_KEY, more)]
    certified = keys or [_certified(uri, item) for item in _matching(uri, session, ObjectClass.CERTIFICATE)]
    return list(dict.fromkeys(certified))


def _public_key(uri: Pkcs11Uri, key: "Object") -> PublicKey:
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415 - an extra

    kind: Any = key[Attribute.KEY_TYPE]
    try:
        if kind == KeyType.RSA:
            modulus, exponent = (
                int.from_bytes(key[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT)
            )
            return PublicKey.of(rsa.RSAPublicNumbers(exponent, modulus).public_key())
        if kind == KeyType.EC_EDWARDS:
            return PublicKey.of(ed25519.Ed25519PublicKey.from_public_bytes(key[Attribute.EC_POINT][-_ED25519_SIZE:]))
        if kind == KeyType.EC and (curve := _CURVES.get(key[Attribute.EC_PARAMS])):
            size = 1 + 2 * ((curve.key_size + 7) // 8)
            point = key[Attribute.EC_POINT][-size:]  # wrapped in an octet string, DER; some tokens leave that out
            return PublicKey.of(ec.EllipticCurvePublicKey.from_encoded_point(curve, point))
    except ValueError as error:
        raise InvalidKey(_("{key}: the token's public key cannot be read").format(key=uri)) from error
    raise InvalidKey(
        _("{what} is a kind of key that is not supported").format(what=uri),
        hint=_("use ECDSA P-256, P-384 or P-521, Ed25519, or RSA with 2048 to 8192 bits"),
    )


def _certified(uri: Pkcs11Uri, certificate: "Object") -> PublicKey:
    from pkcs11 import Attribute  # noqa: PLC0415 - an extra

    try:
        return PublicKey.of(load_certificate(certificate[Attribute.VALUE]).public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKey(_("{key}: the token's certificate cannot be read").format(key=uri)) from error


def _read(key: "Object", attribute: Any, *, default: Any) -> Any:
    """An attribute that not all tokens have."""
    from pkcs11 import PKCS11Error  # noqa: PLC0415 - an extra

    try:
        return key[attribute]
    except PKCS11Error:
        return default


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
