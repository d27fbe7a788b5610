"""A view of what was attested."""

from collections.abc import Sequence

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Report, Table
from undercurrent.signing.attest import Attested
from undercurrent.signing.identities import described
from undercurrent.signing.predicates import short_name

__all__ = ["view"]


def view(summary: Summary[Attested], *, dry_run: bool, joint: bool = False) -> Report:
    """What came of each image, and what could not be attested; of a ``joint`` statement, which one it is, too."""
    results = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [
            attested.name,
            _outcome(attested, dry_run=dry_run),
            short_name(attested.predicate_type) or attested.predicate_type,
            ", ".join(sorted({*attested.added, *attested.present})),
        ]
        for attested in results
    ]
    table = Table([_("image"), _("outcome"), _("type"), _("formats")], rows, squeeze=frozenset({0, 2}))
    data = {
        "dry_run": dry_run,
        "images": [
            {
                "name": attested.name,
                "digest": attested.digest,
                "type": attested.predicate_type,
                **described(attested.maker),
                "added": list(attested.added),
                "present": list(attested.present),
                "statement": attested.statement.digest,
                "subjects": len(attested.statement.subjects),
            }
            for attested in results
        ],
        "failures": failures.as_data(summary.failures),
    }
    return Report(
        "image-attest",
        data,
        [*([table] if rows else []), *failures.listed(summary.failures)],
        summary=_stated(results) if joint else None,
        exit_code=failures.exit_code(summary.failures),
    )


def _stated(results: Sequence[Attested]) -> Cell | None:
    if not results:
        return None
    stated = results[0].statement
    text = _("one statement, {digest}; images it is about: {count}")
    return Cell(text.format(digest=stated.digest, count=len(stated.subjects)), "")


def _outcome(attested: Attested, *, dry_run: bool) -> Cell:
    if not attested.changed:
        return Cell(_("attested already"), "quiet")
    return Cell(_("would be attested"), "unsure") if dry_run else Cell(_("attested"), "good")
