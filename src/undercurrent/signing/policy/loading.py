"""Reads a policy file: every name known, every key read, every pattern compiled, before anything is decided."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from undercurrent import tomlfile
from undercurrent.errors import UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.regex import Regex
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.signing.keys import load_public
from undercurrent.signing.notation import trust as notation
from undercurrent.signing.notation.trust import NotationTrust
from undercurrent.signing.policy.conditions import Condition, Operator, Which
from undercurrent.signing.policy.fields import FieldPath
from undercurrent.signing.policy.model import (
    AttestationTable,
    AuthorityTable,
    ConditionTable,
    IdentityTable,
    NotationTable,
    PolicyTable,
    RuleTable,
)
from undercurrent.signing.policy.patterns import ImagePattern, glob
from undercurrent.signing.policy.policy import Attestation, Authority, Policy, Quorum, Rule
from undercurrent.signing.predicates import predicate_uri
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.trustedroot import TrustedRoot
from undercurrent.tomlfile import Document, Key

__all__ = ["PolicyFile", "read_policy"]

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy file whose tables are right; what it names is not read yet.

    Attributes:
        document: the file.
        table: what it says.
    """

    document: Document
    table: PolicyTable

    @property
    def wants_root(self) -> bool:
        """Whether somebody has to vouch for identities of whom the file does not say who does."""
        return any(one.identities and one.trusted_root is None for one in self.table.authority)

    def policy(self, root: TrustedRoot | None = None) -> Policy:
        """The policy.

        Args:
            root: vouches for identities where the file names nobody.

        Raises:
            ConfigError: something in it cannot be used, or a file that it names; says where, and what to do.
        """
        return _Loading(self.document, root).policy(self.table)


def read_policy(path: Path) -> PolicyFile:
    """The policy file at ``path``.

    Raises:
        ConfigError: it cannot be read, or does not have the form of one; says where, and what to do.
    """
    document = tomlfile.read(path)
    return PolicyFile(document, document.checked(PolicyTable))


@dataclass(frozen=True, slots=True)
class _Loading:
    document: Document
    root: TrustedRoot | None

    def policy(self, table: PolicyTable) -> Policy:
        self._distinct([one.name for one in table.authority], "authority")
        self._distinct([one.name for one in table.rule], "rule")
        authorities = {one.name: self._authority(one, ("authority", at)) for at, one in enumerate(table.authority)}
        rules = [self._rule(one, ("rule", at), authorities) for at, one in enumerate(table.rule)]
        digest = Digest.of(self.document.raw)
        return Policy(self.document.path, digest, authorities, tuple(rules), allow_others=table.default == "allow")

    def _distinct(self, names: Sequence[str], kind: str) -> None:
        for at, name in enumerate(names):
            if name in names[:at]:
                raise self.document.wrong((kind, at, "name"), _("there is another {name!r}").format(name=name))

    def _authority(self, table: AuthorityTable, key: Key) -> Authority:
        if not (table.keys or table.identities or table.notation):
            hint = _("name public key files in keys, or identities of certificates")
            raise self.document.wrong(key, _("it has nobody in it"), hint)
        if table.trusted_root and not table.identities:
            raise self.document.wrong((*key, "trusted_root"), _("it says nothing without identities"))
        keys = [self._named((*key, "keys", at), load_public, name) for at, name in enumerate(table.keys)]
        identities = [self._identity(one, (*key, "identities", at)) for at, one in enumerate(table.identities)]
        trust = Trust(
            tuple(keys),
            identities=tuple(identities),
            root=self._root(table, key) if identities else None,
            notation=self._notation(table.notation, (*key, "notation")) if table.notation else None,
        )
        return Authority(table.name, trust)

    def _identity(self, table: IdentityTable, key: Key) -> IdentityPattern:
        if (table.subject is None) == (table.subject_regexp is None):
            raise self.document.wrong(key, _("it needs either subject or subject_regexp"))
        if table.subject is not None and not {"*", "?"} & set(table.subject):
            return IdentityPattern(table.subject, table.issuer)
        if table.subject is not None:
            expression = self._made((*key, "subject"), glob, table.subject)
        else:
            expression = self._made((*key, "subject_regexp"), Regex, table.subject_regexp)
        # An expression that may match anywhere would take https://evil.example/?https://github.com/acme for acme's.
        return IdentityPattern(f"^(?:{expression.pattern})$", table.issuer, subject_is_pattern=True)

    def _root(self, table: AuthorityTable, key: Key) -> TrustedRoot:
        if table.trusted_root is not None:
            return self._named((*key, "trusted_root"), trustedroot.read, table.trusted_root)
        if self.root is None:
            hint = _("name a trusted_root.json in trusted_root")
            raise self.document.wrong((*key, "identities"), _("nobody vouches for their certificates"), hint)
        return self.root

    def _notation(self, table: NotationTable, key: Key) -> NotationTrust:
        folder = self.document.path.parent

        def load(policy: Path) -> NotationTrust:
            return notation.load(folder / table.trust_store, policy, [folder / name for name in table.revoked])

        return self._named(key, load, table.trust_policy)

    def _named(self, key: Key, read: Callable[[Path], Made], name: str) -> Made:
        """What ``read`` finds in the file ``name``, which is meant relative to the policy."""
        if "\0" in name:
            raise self.document.wrong(key, _("no file can be called so"))
        return self._made(key, read, self.document.path.parent / name)

    def _rule(self, table: RuleTable, key: Key, known: dict[str, Authority]) -> Rule:
        if table.allow and (table.signed_by or table.attestation):
            raise self.document.wrong((*key, "allow"), _("the rule asks for something all the same"))
        if not (table.allow or table.signed_by or table.attestation):
            raise self.document.wrong(
                key, _("it asks for nothing"), _("add signed_by or [[rule.attestation]]; or say allow = true")
            )
        for name in ("require", "annotations"):
            if name in table.model_fields_set and not table.signed_by:
                raise self.document.wrong((*key, name), _("it says nothing without signed_by"))
        return Rule(
            table.name,
            self._patterns(table.images, (*key, "images")),
            self._patterns(table.except_, (*key, "except")),
            self._quorum(table.signed_by, table.require, key, "signed_by", known) if table.signed_by else None,
            dict(table.annotations),
            every_platform=table.platforms == "all",
            attestations=tuple(
                self._attestation(one, (*key, "attestation", at), known) for at, one in enumerate(table.attestation)
            ),
        )

    def _patterns(self, texts: Sequence[str], key: Key) -> tuple[ImagePattern, ...]:
        return tuple(self._made((*key, at), ImagePattern, text) for at, text in enumerate(texts))

    def _quorum(
        self,
        names: Sequence[str],
        require: Literal["all", "any"] | int,
        key: Key,
        field: str,
        known: dict[str, Authority],
    ) -> Quorum:
        for at, name in enumerate(names):
            if name not in known:
                reason = _("there is no authority {name!r}").format(name=name)
                raise self.document.wrong((*key, field, at), reason, tomlfile.suggestion(name, known))
            if name in names[:at]:
                raise self.document.wrong((*key, field, at), _("{name!r} is there twice").format(name=name))
        needed = {"all": len(names), "any": 1}.get(require, require) if isinstance(require, str) else require
        assert isinstance(needed, int)  # noqa: S101 - the model lets nothing else through
        if needed > len(names):
            reason = _("it is more than the {count} authorities that are named").format(count=len(names))
            raise self.document.wrong((*key, "require"), reason)
        return Quorum(tuple(names), needed)

    def _attestation(self, table: AttestationTable, key: Key, known: dict[str, Authority]) -> Attestation:
        if table.every and table.newest is not None:
            raise self.document.wrong((*key, "newest"), _("it excludes every"))
        return Attestation(
            self._made((*key, "type"), predicate_uri, table.type),
            self._quorum(table.by, table.require, key, "by", known),
            tuple(self._condition(one, (*key, "where", at)) for at, one in enumerate(table.where)),
            every=table.every,
            newest=None if table.newest is None else self._single_path((*key, "newest"), table.newest),
        )

    def _single_path(self, key: Key, text: str) -> FieldPath:
        path = self._made(key, FieldPath, text)
        if path.many:
            raise self.document.wrong(key, _("it may lead to several values"))
        return path

    def _condition(self, table: ConditionTable, key: Key) -> Condition:
        given = list(_comparisons(table))
        if len(given) != 1:
            reason = _("it has {count} comparisons instead of one").format(count=len(given))
            raise self.document.wrong(key, reason, tomlfile.suggestion("", Operator))
        ((operator, operand),) = given
        path = self._made((*key, "field"), FieldPath, table.field)
        if table.which and (operator is Operator.EXISTS or not path.many):
            raise self.document.wrong((*key, "which"), _("it is for comparisons of a path with [*] in it"))
        if operator in {Operator.MATCHES, Operator.NOT_MATCHES}:
            operand = self._made((*key, operator), Regex, operand)
        return Condition(path, operator, operand, Which(table.which or Which.EVERY))

    def _made(self, key: Key, make: Callable[[Any], Made], value: Any) -> Made:
        """What ``make`` makes of ``value``, which stands at ``key``.

        Raises:
            ConfigError: it cannot be made.
        """
        try:
            return make(value)
        except UndercurrentError as error:
            raise self.document.wrong(key, error.message, error.hint) from error
        except ValueError as error:
            reason = _("{text!r} is not a regular expression: {reason}").format(text=value, reason=error)
            hint = _("the syntax is RE2's: no look-around, no back-references")
            raise self.document.wrong(key, reason, hint) from error


def _comparisons(table: ConditionTable) -> Iterator[tuple[Operator, Any]]:
    for operator in Operator:
        value = getattr(table, "in_" if operator is Operator.IN else operator)
        if value is not None:
            yield operator, tuple(value) if isinstance(value, list) else value
