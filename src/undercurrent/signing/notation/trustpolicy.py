"""Notation's trust policy: which policy is for which images, whom it trusts, and what it only logs.

Specification: https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md, with
``verifyTimestamp`` as notation-go 1.3 reads it. What notation calls an invalid document is one here, too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from cryptography import x509

from undercurrent.errors import BadContent, ConfigError, InvalidReference
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.oci.digest import is_digest
from undercurrent.oci.reference import Reference
from undercurrent.signing.notation import names
from undercurrent.signing.notation.names import NamePattern

__all__ = ["Action", "NamedStore", "Policy", "PolicyDocument", "StoreKind", "Validation", "parse", "repository_of"]

_ANY: Final = "*"
_SUBJECT: Final = "x509.subject"
_STORE_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]+")
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*"
_SCOPE: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?(?:/{_COMPONENT})+")


class Validation(StrEnum):
    """What a policy may relax. The integrity of a signature is none of these: it always counts."""

    AUTHENTICITY = "authenticity"
    AUTHENTIC_TIMESTAMP = "authenticTimestamp"
    EXPIRY = "expiry"
    REVOCATION = "revocation"


class Action(StrEnum):
    """What a validation that fails does."""

    ENFORCE = "enforce"
    LOG = "log"
    SKIP = "skip"


class StoreKind(StrEnum):
    """What the certificates of a named store are for; also the name of its parent folder."""

    CA = "ca"
    SIGNING_AUTHORITY = "signingAuthority"
    TSA = "tsa"


@dataclass(frozen=True, slots=True)
class NamedStore:
    """A collection of certificates in the trust store; ``ca:acme`` in a policy."""

    kind: StoreKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


_STRICT: Final = dict.fromkeys(Validation, Action.ENFORCE)
_AUDIT: Final = dict.fromkeys(Validation, Action.LOG)
_LEVELS: Final[Mapping[str, Mapping[Validation, Action]]] = MappingProxyType(
    {
        "strict": _STRICT,
        "permissive": _AUDIT | {Validation.AUTHENTICITY: Action.ENFORCE},
        "audit": _AUDIT,
        "skip": dict.fromkeys(Validation, Action.SKIP),
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One statement of a trust policy.

    Attributes:
        name: what it is called.
        scopes: repositories, or ``*`` alone.
        actions: what each validation that fails does.
        skips: whether images of these repositories are not verified at all.
        stores: where the trusted certificates are.
        identities: subjects that are trusted; empty where anybody is whom these certificates vouch for.
        needs_timestamp: whether a timestamp is wanted also while the certificates are valid (``verifyTimestamp``).
    """

    name: str
    scopes: tuple[str, ...]
    actions: Mapping[Validation, Action]
    skips: bool
    stores: tuple[NamedStore, ...]
    identities: tuple[NamePattern, ...]
    needs_timestamp: bool

    def of_kind(self, kind: StoreKind) -> tuple[NamedStore, ...]:
        """Its stores of one kind."""
        return tuple(store for store in self.stores if store.kind is kind)

    def trusts(self, subject: x509.Name) -> bool:
        """Whether it trusts whom a certificate was made out to."""
        return not self.identities or any(names.matches(pattern, subject) for pattern in self.identities)


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole trust policy: one statement for each repository that is named, and one for all others at most."""

    policies: tuple[Policy, ...]

    def applicable(self, repository: str) -> Policy | None:
        """The policy for a repository (`repository_of`): one that names it, else the global one, else None."""
        exact = (policy for policy in self.policies if repository in policy.scopes)
        everything = (policy for policy in self.policies if _ANY in policy.scopes)
        return next(exact, None) or next(everything, None)


def repository_of(name: str) -> str:
    """What scopes call the repository of an image called ``name``; empty if it is none that means the same everywhere.

    Hosts are the same in capitals, and so are the names of Docker Hub; a policy for one is for all of them.
    """
    if is_digest(name):
        return ""
    try:
        return Reference.parse(name).name.lower()
    except InvalidReference:
        return ""


def parse(raw: bytes, what: str) -> PolicyDocument:
    """The trust policy that ``raw`` holds.

    Args:
        raw: the file, as it is.
        what: names it in errors.

    Raises:
        ConfigError: it is none of version 1.0, or contradicts itself.
    """
    try:
        document = strictjson.loads_object(raw, what)
        strictjson.refuse_lookalikes(document, ("version", "trustPolicies"), what)
    except BadContent as error:
        raise ConfigError(error.message) from error
    if document.get("version") != "1.0":
        raise ConfigError(_("{what} is no trust policy of version 1.0").format(what=what))
    policies = tuple(_policy(item, what) for item in _list(document, "trustPolicies", what, dict))
    for values in ([policy.name for policy in policies], [scope for policy in policies for scope in policy.scopes]):
        if twice := {value for value in values if values.count(value) > 1}:
            raise ConfigError(_("{what} says {value!r} twice").format(what=what, value=min(twice)))
    return PolicyDocument(policies)


_FIELDS: Final = ("name", "registryScopes", "signatureVerification", "trustStores", "trustedIdentities")


def _policy(value: Mapping[str, Any], what: str) -> Policy:
    _known(value, _FIELDS, what)
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(_("{what} has a policy without a name").format(what=what))
    here = _("policy {name!r} in {what}").format(name=name, what=what)
    scopes = _scopes(_list(value, "registryScopes", here, str), here)
    verification = value.get("signatureVerification")
    if not isinstance(verification, dict):
        raise ConfigError(_("{what} does not say how to verify").format(what=here))
    _known(verification, ("level", "override", "verifyTimestamp"), here)
    level = verification.get("level")
    if level == "skip":
        return _skipping(name, scopes, value, verification, here)
    stores = tuple(_store(item, here) for item in _list(value, "trustStores", here, str))
    return Policy(
        name,
        scopes,
        _actions(level, verification.get("override", {}), here),
        skips=False,
        stores=tuple(dict.fromkeys(stores)),
        identities=_identities(_list(value, "trustedIdentities", here, str), here),
        needs_timestamp=_needs_timestamp(verification.get("verifyTimestamp", "always"), here),
    )


def _scopes(texts: list[str], what: str) -> tuple[str, ...]:
    if texts == [_ANY]:
        return (_ANY,)
    found = []
    for text in texts:
        repository = repository_of(text) if _SCOPE.fullmatch(text) else ""
        if not repository:
            raise ConfigError(
                _("{what}: {scope!r} is no scope").format(what=what, scope=text[:200]),
                hint=_("write * alone, or whole repositories such as registry.example.com/acme/app"),
            )
        found.append(repository)
    return tuple(found)


def _skipping(
    name: str, scopes: tuple[str, ...], value: Mapping[str, Any], verification: Mapping[str, Any], what: str
) -> Policy:
    if verification.get("override") or value.get("trustStores") or value.get("trustedIdentities"):
        raise ConfigError(_("{what} skips verification, and says how to verify").format(what=what))
    if _ANY in scopes:
        raise ConfigError(_("{what} skips verification for all images").format(what=what))
    return Policy(name, scopes, _LEVELS["skip"], skips=True, stores=(), identities=(), needs_timestamp=False)


def _actions(level: object, override: object, what: str) -> Mapping[Validation, Action]:
    if not isinstance(level, str) or level not in _LEVELS:
        raise ConfigError(
            _("{what} has no level that is known").format(what=what),
            hint=_("write one of strict, permissive, audit and skip"),
        )
    if not isinstance(override, dict):
        raise ConfigError(_("{what} overrides its level with something that is not an object").format(what=what))
    changed: dict[Validation, Action] = {}
    for key, value in override.items():
        allowed = tuple(Action) if key == Validation.REVOCATION else (Action.ENFORCE, Action.LOG)
        if key not in tuple(Validation) or value not in allowed:
            raise ConfigError(
                _("{what} cannot override {key!r} with {value!r}").format(what=what, key=key, value=str(value)[:40])
            )
        changed[Validation(key)] = Action(value)
    return MappingProxyType({**_LEVELS[level], **changed})


def _needs_timestamp(value: object, what: str) -> bool:
    if value not in ("always", "afterCertExpiry"):
        raise ConfigError(_("{what}: verifyTimestamp is neither always nor afterCertExpiry").format(what=what))
    return value == "always"


def _store(text: str, what: str) -> NamedStore:
    kind, _colon, name = text.partition(":")
    # "." and ".." would leave the folder of their kind.
    if kind not in set(StoreKind) or not _STORE_NAME.fullmatch(name) or not name.strip("."):
        raise ConfigError(
            _("{what}: {text!r} is no trust store").format(what=what, text=text[:100]),
            hint=_("write ca:NAME, signingAuthority:NAME or tsa:NAME"),
        )
    return NamedStore(StoreKind(kind), name)


def _identities(values: list[str], what: str) -> tuple[NamePattern, ...]:
    if values == [_ANY]:
        return ()
    patterns = []
    for value in values:
        prefix, _colon, text = value.partition(":")
        if prefix != _SUBJECT:
            raise ConfigError(
                _("{what}: {text!r} is no identity").format(what=what, text=value[:100]),
                hint=_("write * alone, or x509.subject: with a name behind it"),
            )
        patterns.append(names.parse(text))
    for one in patterns:
        if any(names.includes(one, other) for other in patterns if other is not one):
            raise ConfigError(_("{what} has identities of which one includes another").format(what=what))
    return tuple(patterns)


def _known(value: Mapping[str, Any], fields: tuple[str, ...], what: str) -> None:
    if unknown := value.keys() - set(fields):
        raise ConfigError(_("{what} has an unknown field {key!r}").format(what=what, key=min(unknown)))


def _list(value: Mapping[str, Any], key: str, what: str, kind: type) -> list[Any]:
    found = value.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(item, kind) for item in found):
        raise ConfigError(_("{what} lacks {key}").format(what=what, key=key))
    return found
