"""A view of what was attested."""

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Report, Table
from undercurrent.signing.attest import Attested
from undercurrent.signing.identities import described
from undercurrent.signing.predicates import short_name

__all__ = ["view"]


def view(summary: Summary[Attested], *, dry_run: bool) -> Report:
    """What came of each image, and what could not be attested."""
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
            }
            for attested in results
        ],
        "failures": failures.as_data(summary.failures),
    }
    return Report(
        "image-attest",
        data,
        [*([table] if rows else []), *failures.listed(summary.failures)],
        exit_code=failures.exit_code(summary.failures),
    )


def _outcome(attested: Attested, *, dry_run: bool) -> Cell:
    if not attested.changed:
        return Cell(_("attested already"), "quiet")
    return Cell(_("would be attested"), "unsure") if dry_run else Cell(_("attested"), "good")
