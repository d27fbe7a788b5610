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
from undercurrent.signing.keys import PublicKey, load_public
from undercurrent.signing.policy.conditions import Condition, Operator, Which
from undercurrent.signing.policy.fields import FieldPath
from undercurrent.signing.policy.model import (
    AttestationTable,
    AuthorityTable,
    ConditionTable,
    PolicyTable,
    RuleTable,
)
from undercurrent.signing.policy.patterns import ImagePattern
from undercurrent.signing.policy.policy import Attestation, Authority, Policy, Quorum, Rule
from undercurrent.signing.predicates import predicate_uri
from undercurrent.tomlfile import Document, Key

__all__ = ["load_policy"]

Made = TypeVar("Made")


def load_policy(path: Path) -> Policy:
    """The policy in the file at ``path``.

    Raises:
        ConfigError: it cannot be read, or something in it cannot be used; says where, and what to do.
    """
    document = tomlfile.read(path)
    table = document.checked(PolicyTable)
    return _Loading(document).policy(table)


@dataclass(frozen=True, slots=True)
class _Loading:
    document: Document

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
        if not table.keys:
            raise self.document.wrong(
                key, _("it has nobody in it"), _("name public key files in keys, or identities of certificates")
            )
        keys = [self._key(name, (*key, "keys", at)) for at, name in enumerate(table.keys)]
        return Authority(table.name, Trust(tuple(keys)))

    def _key(self, name: str, key: Key) -> PublicKey:
        return self._made(key, load_public, self.document.path.parent / name)

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
