"""A view of verdicts: who signed, in which formats, and of each signature that was refused, why."""

from typing import Any

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures, verdicts
from undercurrent.report.model import Cell, Report, Table, Tree
from undercurrent.report.units import short
from undercurrent.signing.identities import described, named
from undercurrent.signing.verify import Verdict, Verification, verdict_of

__all__ = ["view"]


def view(summary: Summary[Verification]) -> Report:
    """One verdict for each image."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [image.name, verdicts.cell(image.verdict), _signers(image), ", ".join(image.formats)] for image in images
    ]
    rows += [[short(failed.key), verdicts.cell(verdict_of(failed.error)), "", ""] for failed in summary.failures]
    table = Table([_("image"), _("verdict"), _("signed by"), _("formats")], rows, squeeze=frozenset({0, 2}))
    return Report(
        "image-verify",
        {"images": [_data(image) for image in images], "failures": failures.as_data(summary.failures)},
        [
            *map(_reasons, filter(_needs_reasons, images)),
            *map(verdicts.failure, summary.failures),
            *([table] if rows else []),
        ],
        findings=list(verdicts.findings(images, summary.failures)),
        summary=verdicts.counts(images, summary.failures),
        exit_code=failures.exit_code(summary.failures, [verdicts.EXIT_CODES[image.verdict] for image in images]),
    )


def _signers(image: Verification) -> str:
    return ", ".join(map(named, image.makers))


def _needs_reasons(image: Verification) -> bool:
    """Whether there is more to say than the verdict: "unsigned" alone is all of it."""
    if image.verdict is Verdict.VERIFIED:
        return any(check.notes for check in image.accepted) or any(map(_needs_reasons, image.platforms))
    return bool(image.checks or image.problems or image.platforms)


def _reasons(image: Verification) -> Tree:
    """Why an image is not verified, or what is wrong all the same: each signature, each place that did not answer."""
    name, (_text, mood) = str(image.platform or image.name), verdicts.VERDICTS[image.verdict]
    children = [
        *map(verdicts.check_line, image.checks),
        *(branch for item in image.problems for branch in failures.explained(item.message, item.hint, mood)),
        *map(_platform, image.platforms),
    ]
    return Tree(Cell(f"{name}@{short(image.digest)}", "strong"), children)


def _platform(image: Verification) -> Tree:
    if _needs_reasons(image):
        return _reasons(image)
    text, mood = verdicts.VERDICTS[image.verdict]
    return Tree(Cell(f"{image.platform}  {_(text)}", mood))


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
        "checks": [verdicts.check_data(check) for check in image.checks],
        "problems": [verdicts.problem_data(problem) for problem in image.problems],
        "platforms": [_data(platform) for platform in image.platforms],
    }
