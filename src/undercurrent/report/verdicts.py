"""Verdicts as people, machines and code scanners read them; what views of them share."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from undercurrent.findings import Finding, Place, Rule
from undercurrent.fleet import Failed
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Mood, Tree
from undercurrent.report.units import short
from undercurrent.signing.checks import Check
from undercurrent.signing.rules import IMAGE_UNSIGNED, NOT_CHECKED, POLICY_DENIED, SIGNATURE_UNTRUSTED
from undercurrent.signing.verify import Judged, Problem, Verdict, verdict_of

__all__ = [
    "EXIT_CODES",
    "GOOD",
    "VERDICTS",
    "cell",
    "check_data",
    "check_line",
    "counts",
    "failure",
    "findings",
    "problem_data",
]

VERDICTS: Final[dict[Verdict, tuple[str, Mood]]] = {
    Verdict.VERIFIED: (N_("✓ verified"), "good"),
    Verdict.ALLOWED: (N_("✓ allowed"), "quiet"),
    Verdict.UNSIGNED: (N_("✗ unsigned"), "bad"),
    Verdict.UNTRUSTED: (N_("✗ untrusted"), "bad"),
    Verdict.DENIED: (N_("✗ denied"), "bad"),
    Verdict.COULD_NOT_CHECK: (N_("? could not check"), "unsure"),
}
"""What people read for each verdict."""
GOOD: Final = frozenset({Verdict.VERIFIED, Verdict.ALLOWED})
"""Verdicts with which an image may run."""
EXIT_CODES: Final = {
    Verdict.VERIFIED: 0,
    Verdict.ALLOWED: 0,
    Verdict.UNSIGNED: 1,
    Verdict.UNTRUSTED: 1,
    Verdict.DENIED: 1,
    Verdict.COULD_NOT_CHECK: 4,
}
"""What a command ends with that found nothing worse."""
_RULES: Final[dict[Verdict, Rule]] = {
    Verdict.UNSIGNED: IMAGE_UNSIGNED,
    Verdict.UNTRUSTED: SIGNATURE_UNTRUSTED,
    Verdict.DENIED: POLICY_DENIED,
    Verdict.COULD_NOT_CHECK: NOT_CHECKED,
}


def cell(verdict: Verdict) -> Cell:
    """A verdict in words."""
    text, mood = VERDICTS[verdict]
    return Cell(_(text), mood)


def check_line(check: Check) -> Tree:
    """One signature or attestation, and why it is refused if it is."""
    what = f"{check.format} {short(check.where)}"
    if check.accepted:
        return Tree(Cell(f"✓ {what}", "good"), [Tree(Cell(f"! {note}", "unsure")) for note in check.notes])
    return Tree(Cell("✗ " + _("{what}: {why}").format(what=what, why=check.message), "bad"))


def failure(failed: Failed) -> Tree:
    """An image that could not even be found, with what to do about it."""
    return Tree(Cell(short(failed.key), "strong"), failures.explained(failed.error.message, failed.error.hint))


def check_data(check: Check) -> dict[str, Any]:
    """One signature or attestation, for machines."""
    return {
        "format": check.format,
        "where": check.where,
        "accepted": check.accepted,
        "hint": check.hint,
        "identity": check.identity,
        "signed_at": check.signed_at.isoformat() if check.signed_at else None,
        "annotations": dict(check.annotations),
        "predicate_type": check.predicate_type,
        "reason": check.reason,
        "message": check.message,
        "notes": list(check.notes),
    }


def problem_data(problem: Problem) -> dict[str, Any]:
    """A place that did not answer, for machines."""
    return {"where": problem.where, "code": problem.code, "message": problem.message}


def findings(images: Iterable[Judged], failed: Iterable[Failed]) -> Iterator[Finding]:
    """A finding for each image that may not run, and for each that could not even be found."""
    for image in images:
        if rule := _RULES.get(image.verdict):
            properties = {"digest": image.digest, "verdict": image.verdict, "reason": image.reason}
            message = _("{what}: {why}").format(what=image.name, why=image.message)
            yield Finding(rule, message, Place(image.name), rule.severity, properties=properties)
    for one in failed:
        verdict = verdict_of(one.error)
        rule, facts = _RULES[verdict], {"verdict": verdict, "reason": one.error.code}
        message = _("{what}: {why}").format(what=one.key, why=one.error.message)
        yield Finding(rule, message, Place(one.key), rule.severity, properties=facts)


def counts(images: Iterable[Judged], failed: Iterable[Failed]) -> Cell:
    """How many images there are of each verdict, in one line."""
    verdicts = [image.verdict for image in images] + [verdict_of(one.error) for one in failed]
    words = {
        Verdict.VERIFIED: _("{count} verified"),
        Verdict.ALLOWED: _("{count} allowed"),
        Verdict.UNSIGNED: _("{count} unsigned"),
        Verdict.UNTRUSTED: _("{count} untrusted"),
        Verdict.DENIED: _("{count} denied"),
        Verdict.COULD_NOT_CHECK: _("{count} could not be checked"),
    }
    parts = [text.format(count=verdicts.count(verdict)) for verdict, text in words.items() if verdict in verdicts]
    good = GOOD.issuperset(verdicts)
    return Cell(listed(parts) or _("no image was found"), "good" if good else "bad")
