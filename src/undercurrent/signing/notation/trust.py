"""Whom to believe of those who sign with notation: a trust policy, the certificates it names, and what is revoked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from cryptography import x509

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.signing.notation import crls, trustpolicy, truststore
from undercurrent.signing.notation.trustpolicy import NamedStore, Policy, PolicyDocument, StoreKind

__all__ = ["NotationTrust", "load"]


@dataclass(frozen=True, slots=True)
class NotationTrust:
    """All of it, read once.

    Attributes:
        document: the trust policy.
        stores: the certificates of each store that it names.
        revoked: lists of revoked certificates; any, from anywhere.
    """

    document: PolicyDocument
    stores: Mapping[NamedStore, tuple[x509.Certificate, ...]] = field(repr=False)
    revoked: tuple[x509.CertificateRevocationList, ...] = field(default=(), repr=False)

    def anchor(self, policy: Policy, kind: StoreKind, chain: Iterable[x509.Certificate]) -> NamedStore | None:
        """The first store of ``policy`` that holds a certificate of ``chain``; None if nobody vouches for it."""
        present = frozenset(chain)
        return next((store for store in policy.of_kind(kind) if not present.isdisjoint(self.stores[store])), None)

    def roots(self, policy: Policy, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        """All certificates that ``policy`` trusts for one purpose."""
        return tuple(certificate for store in policy.of_kind(kind) for certificate in self.stores[store])


def load(store: Path, policy: Path, revoked: Iterable[Path] = ()) -> NotationTrust:
    """Reads notation's configuration.

    Args:
        store: the trust store: notation's folder ``truststore``, which has ``x509`` in it.
        policy: the trust policy: notation's ``trustpolicy.json``.
        revoked: files with lists of revoked certificates, or folders of such.

    Raises:
        ConfigError: one of these is not what it should be, or the policy names a store that is not there.
    """
    if policy.is_symlink():  # as in notation: who may change where it points to may change the policy
        raise ConfigError(_("{path} is a link; a trust policy is a file").format(path=policy))
    document = trustpolicy.parse(truststore.read_file(policy, truststore.MAX_FILE), str(policy))
    named = dict.fromkeys(name for statement in document.policies for name in statement.stores)
    stores = {name: truststore.certificates(store, name) for name in named}
    return NotationTrust(
        document, MappingProxyType(stores), tuple(found for path in revoked for found in crls.read(path))
    )
