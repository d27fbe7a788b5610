"""A view of verdicts: who signed, in which formats, and of each signature that was refused, why."""

from collections.abc import Iterator
from typing import Any, Final

from undercurrent.findings import Finding, Place, Rule
from undercurrent.fleet import Failed, Summary
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Mood, Report, Table, Tree
from undercurrent.report.units import short
from undercurrent.signing.checks import Check
from undercurrent.signing.identities import described, named
from undercurrent.signing.rules import IMAGE_UNSIGNED, NOT_CHECKED, SIGNATURE_UNTRUSTED
from undercurrent.signing.verify import Verdict, Verification, verdict_of

__all__ = ["VERDICTS", "view"]

VERDICTS: Final[dict[Verdict, tuple[str, Mood]]] = {
    Verdict.VERIFIED: (N_("✓ verified"), "good"),
    Verdict.UNSIGNED: (N_("✗ unsigned"), "bad"),
    Verdict.UNTRUSTED: (N_("✗ untrusted"), "bad"),
    Verdict.COULD_NOT_CHECK: (N_("? could not check"), "unsure"),
}
"""What people read for each verdict."""

_RULES: Final[dict[Verdict, Rule]] = {
    Verdict.UNSIGNED: IMAGE_UNSIGNED,
    Verdict.UNTRUSTED: SIGNATURE_UNTRUSTED,
    Verdict.COULD_NOT_CHECK: NOT_CHECKED,
}
_EXIT_CODES: Final = {
    Verdict.VERIFIED: 0,
    Verdict.UNSIGNED: 1,
    Verdict.UNTRUSTED: 1,
    Verdict.COULD_NOT_CHECK: 4,
}


def view(summary: Summary[Verification]) -> Report:
    """One verdict for each image."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [image.name, _verdict(image.verdict), _signers(image), ", ".join(image.formats)] for image in images
    ]
    rows += [[short(failed.key), _verdict(verdict_of(failed.error)), "", ""] for failed in summary.failures]
    table = Table([_("image"), _("verdict"), _("signed by"), _("formats")], rows, squeeze=frozenset({0, 2}))
    return Report(
        "image-verify",
        {"images": [_data(image) for image in images], "failures": failures.as_data(summary.failures)},
        [*map(_reasons, filter(_needs_reasons, images)), *map(_failure, summary.failures), *([table] if rows else [])],
        findings=[*_findings(images), *map(_finding_of_failure, summary.failures)],
        summary=_counts(images, summary.failures),
        exit_code=failures.exit_code(summary.failures, [_EXIT_CODES[image.verdict] for image in images]),
    )


def _verdict(verdict: Verdict) -> Cell:
    text, mood = VERDICTS[verdict]
    return Cell(_(text), mood)


def _signers(image: Verification) -> str:
    return ", ".join(map(named, image.makers))


def _needs_reasons(image: Verification) -> bool:
    """Whether there is more to say than the verdict: "unsigned" alone is all of it."""
    if image.verdict is Verdict.VERIFIED:
        return any(check.notes for check in image.accepted) or any(map(_needs_reasons, image.platforms))
    return bool(image.checks or image.problems or image.platforms)


def _reasons(image: Verification) -> Tree:
    """Why an image is not verified, or what is wrong all the same: each signature, each place that did not answer."""
    name, (_text, mood) = str(image.platform or image.name), VERDICTS[image.verdict]
    children = [
        *map(_check_line, image.checks),
        *(branch for item in image.problems for branch in failures.explained(item.message, item.hint, mood)),
        *map(_platform, image.platforms),
    ]
    return Tree(Cell(f"{name}@{short(image.digest)}", "strong"), children)


def _check_line(check: Check) -> Tree:
    what = f"{check.format} {short(check.where)}"
    if check.accepted:
        return Tree(Cell(f"✓ {what}", "good"), [Tree(Cell(f"! {note}", "unsure")) for note in check.notes])
    return Tree(Cell("✗ " + _("{what}: {why}").format(what=what, why=check.message), "bad"))


def _platform(image: Verification) -> Tree:
    if _needs_reasons(image):
        return _reasons(image)
    text, mood = VERDICTS[image.verdict]
    return Tree(Cell(f"{image.platform}  {_(text)}", mood))


def _failure(failed: Failed) -> Tree:
    return Tree(Cell(short(failed.key), "strong"), failures.explained(failed.error.message, failed.error.hint))


def _data(image: Verification) -> dict[str, Any]:
    return {
        "name": image.name,
        "digest": image.digest,
        "platform": str(image.platform) if image.platform else None,
        "verdict": image.verdict,
        "reason": image.reason,
        "message": image.message,
        "keys": [key.fingerprint for key in image.keys],
        "identities": [dict(described(identity)) for identity in image.identities],
        "formats": list(image.formats),
        "checks": [_check(check) for check in image.checks],
        "problems": [
            {"where": problem.where, "code": problem.code, "message": problem.message} for problem in image.problems
        ],
        "platforms": [_data(platform) for platform in image.platforms],
    }


def _check(check: Check) -> dict[str, Any]:
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


def _findings(images: list[Verification]) -> Iterator[Finding]:
    for image in images:
        if rule := _RULES.get(image.verdict):
            properties = {"digest": image.digest, "verdict": image.verdict, "reason": image.reason}
            message = _("{what}: {why}").format(what=image.name, why=image.message)
            yield Finding(rule, message, Place(image.name), rule.severity, properties=properties)


def _finding_of_failure(failed: Failed) -> Finding:
    verdict = verdict_of(failed.error)
    rule, properties = _RULES[verdict], {"verdict": verdict, "reason": failed.error.code}
    message = _("{what}: {why}").format(what=failed.key, why=failed.error.message)
    return Finding(rule, message, Place(failed.key), rule.severity, properties=properties)


def _counts(images: list[Verification], failed: tuple[Failed, ...]) -> Cell:
    verdicts = [image.verdict for image in images] + [verdict_of(one.error) for one in failed]
    words = {
        Verdict.VERIFIED: _("{count} verified"),
        Verdict.UNSIGNED: _("{count} unsigned"),
        Verdict.UNTRUSTED: _("{count} untrusted"),
        Verdict.COULD_NOT_CHECK: _("{count} could not be checked"),
    }
    parts = [text.format(count=verdicts.count(verdict)) for verdict, text in words.items() if verdict in verdicts]
    good = all(verdict is Verdict.VERIFIED for verdict in verdicts)
    return Cell(listed(parts) or _("no image was found"), "good" if good else "bad")
