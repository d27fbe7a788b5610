"""A view of a policy: its rules in words, and which of them are about an image."""

from collections.abc import Iterable, Iterator
from typing import Any

from undercurrent.errors import UndercurrentError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.reference import Reference, names_host
from undercurrent.report.model import Cell, Report, Tree
from undercurrent.signing.identities import named
from undercurrent.signing.policy.policy import Attestation, Authority, Match, Policy, Quorum, Rule
from undercurrent.signing.predicates import short_name

__all__ = ["passed_over", "policy_data", "view", "wanted"]


def view(policy: Policy, names: Iterable[str] = ()) -> Report:
    """The policy's rules; where images are named, which of the rules are about them."""
    matches = {name: tuple(policy.match(name, _digest_in(name))) for name in names}
    images = [_image(name, found, policy) for name, found in matches.items()]
    parts = [*map(_authority, policy.authorities.values()), *map(_rule, policy.rules)]
    data = {
        "policy": policy_data(policy),
        "default": "allow" if policy.allow_others else "deny",
        "authorities": list(policy.authorities),
        "rules": [rule.name for rule in policy.rules],
        "images": [{"name": name, "rules": list(map(_match_data, found))} for name, found in matches.items()],
    }
    if policy.allow_others:
        summary = Cell(_("the policy can be used; images that no rule is about are allowed"), "unsure")
    else:
        summary = Cell(_("the policy can be used; images that no rule is about are denied"), "good")
    return Report("policy-check", data, images or [Tree(Cell(str(policy.path), "strong"), parts)], summary=summary)


def policy_data(policy: Policy) -> dict[str, Any]:
    """A policy, for machines: which file, as it was."""
    return {"file": str(policy.path), "digest": policy.digest}


def wanted(quorum: Quorum, attestation: Attestation | None = None) -> str:
    """What a rule asks for, in words."""
    names = listed(quorum.authorities)
    some = _("{count} of {names}").format(count=quorum.needed, names=names)
    who = names if quorum.needed == len(quorum.authorities) else some
    if attestation is None:
        return _("signature by {who}").format(who=who)
    return _("attestation {type} by {who}").format(type=short_name(attestation.predicate_type), who=who)


def passed_over(rule: Rule, match: Match) -> Tree:
    """Why a rule is not about an image."""
    if match.pattern:
        text = _("rule {rule} leaves it out: {pattern}").format(rule=rule.name, pattern=match.pattern.text)
    else:
        patterns = ", ".join(pattern.text for pattern in rule.images)
        text = _("rule {rule} is about others: {patterns}").format(rule=rule.name, patterns=patterns)
    return Tree(Cell(f"– {text}", "quiet"))


def _digest_in(name: str) -> Digest | None:
    """The digest in a reference; None without one."""
    try:
        return Reference.parse(name).digest if names_host(name) else None
    except UndercurrentError:
        return None


def _authority(authority: Authority) -> Tree:
    trust = authority.trust
    children = [Tree(_("key {fingerprint}").format(fingerprint=named(key))) for key in trust.keys]
    for identity in trust.identities:
        text = _("identity {subject}, by {issuer}")
        children.append(Tree(text.format(subject=identity.subject, issuer=identity.issuer)))
    if trust.notation:
        children.append(Tree(_("whoever notation's trust policy trusts")))
    return Tree(_("authority {name}").format(name=authority.name), children)


def _rule(rule: Rule) -> Tree:
    children = [
        Tree(_("images: {patterns}").format(patterns=", ".join(pattern.text for pattern in rule.images))),
        *_left_out(rule),
        *_asked(rule),
    ]
    return Tree(_("rule {rule}").format(rule=rule.name), children)


def _left_out(rule: Rule) -> Iterator[Tree]:
    if rule.excluded:
        yield Tree(_("but not: {patterns}").format(patterns=", ".join(pattern.text for pattern in rule.excluded)))


def _asked(rule: Rule) -> Iterator[Tree]:
    if rule.signed_by:
        said = [Tree(f"{name}={value}") for name, value in rule.annotations.items()]
        yield Tree(wanted(rule.signed_by), said)
    for attestation in rule.attestations:
        conditions = [Tree(str(condition)) for condition in attestation.where]
        if attestation.every:
            conditions.append(Tree(_("this holds for every one that they made")))
        if attestation.newest:
            conditions.append(Tree(_("only the newest counts, by {field}").format(field=attestation.newest)))
        yield Tree(wanted(attestation.by, attestation), conditions)
    if rule.every_platform:
        yield Tree(_("all of this for each platform, too"))
    if not rule.asks:
        yield Tree(_("it asks for nothing"))


def _image(name: str, matches: Iterable[tuple[Rule, Match]], policy: Policy) -> Tree:
    found = tuple(matches)
    children = [_about(rule, match) if match.applies else passed_over(rule, match) for rule, match in found]
    if not any(match.applies for _rule, match in found):
        text = _("no rule is about it; the policy allows such images")
        denied = _("no rule is about it; the policy denies such images")
        children.append(Tree(Cell(text, "quiet") if policy.allow_others else Cell(denied, "bad")))
    return Tree(Cell(name, "strong"), children)


def _about(rule: Rule, match: Match) -> Tree:
    pattern = match.pattern.text if match.pattern else ""
    label = _("rule {rule}: {pattern}").format(rule=rule.name, pattern=pattern)
    return Tree(Cell(f"✓ {label}", "good"), list(_asked(rule)))


def _match_data(item: tuple[Rule, Match]) -> dict[str, Any]:
    rule, match = item
    return {"name": rule.name, "applies": match.applies, "pattern": match.pattern.text if match.pattern else None}
