"""Views of files that were signed, and of verdicts on them."""

from collections.abc import Sequence
from typing import Any

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report import verdicts
from undercurrent.report.model import Cell, Report, Table, Tree
from undercurrent.signing.identities import described, named
from undercurrent.signing.verify import Verdict
from undercurrent.workflows.blobs import SignedBlob, VerifiedBlob

__all__ = ["signed", "verified"]


def verified(blobs: Sequence[VerifiedBlob]) -> Report:
    """One verdict for each file."""
    rows: list[list[Cell | str]] = [
        [blob.name, verdicts.cell(blob.verdict), named(blob.maker) if blob.maker else "", _when(blob)] for blob in blobs
    ]
    reasons = [
        Tree(Cell(blob.name, "strong"), [Tree(Cell(blob.message, "bad"))])
        for blob in blobs
        if blob.verdict is Verdict.UNTRUSTED
    ]
    table = Table([_("file"), _("verdict"), _("signed by"), _("signed at")], rows, squeeze=frozenset({0, 2}))
    return Report(
        "blob-verify",
        {"files": [_verified_data(blob) for blob in blobs]},
        [*reasons, table],
        summary=verdicts.counts(blobs, ()),
        exit_code=max(verdicts.EXIT_CODES[blob.verdict] for blob in blobs),
    )


def _when(blob: VerifiedBlob) -> str:
    time = blob.check.signed_at if blob.check else None
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else ""


def _verified_data(blob: VerifiedBlob) -> dict[str, Any]:
    return {
        "name": blob.name,
        "digest": blob.digest,
        "verdict": blob.verdict,
        "reason": blob.reason,
        "message": blob.message,
        "signed_by": dict(described(blob.maker)) if blob.maker else None,
        "check": verdicts.check_data(blob.check) if blob.check else None,
    }


def signed(blobs: Sequence[SignedBlob], *, dry_run: bool) -> Report:
    """What came of each file."""
    rows: list[list[Cell | str]] = [[blob.name, _outcome(blob, dry_run=dry_run), str(blob.bundle)] for blob in blobs]
    changed = sum(blob.changed for blob in blobs)
    parts = [
        (_("{count} would be changed") if dry_run else _("{count} changed")).format(count=changed),
        _("{count} left alone").format(count=len(blobs) - changed),
    ]
    data = [
        {
            "name": blob.name,
            "digest": blob.digest,
            "bundle": str(blob.bundle),
            "changed": blob.changed,
            "signed_by": dict(described(blob.maker)),
        }
        for blob in blobs
    ]
    return Report(
        "blob-sign",
        {"dry_run": dry_run, "files": data},
        [Table([_("file"), _("outcome"), _("bundle")], rows, squeeze=frozenset({0, 2}))],
        summary=Cell(listed(parts), "good"),
    )


def _outcome(blob: SignedBlob, *, dry_run: bool) -> Cell:
    if not blob.changed:
        return Cell(_("signed already"), "quiet")
    return Cell(_("would be signed"), "unsure") if dry_run else Cell(_("signed"), "good")
