"""A view of a list of images."""

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Report, Table
from undercurrent.report.units import age, size
from undercurrent.workflows.listing import Listed

__all__ = ["view"]

_SHORT = 19  # sha256: and 12 digits


def view(summary: Summary[Listed]) -> Report:
    """A line for each image."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [
            image.name,
            Cell(image.digest[:_SHORT], "quiet"),
            "\n".join(image.platforms) or "-",
            size(image.size),
            age(image.created),
            _signed(image),
            _has(image.sbom),
        ]
        for image in images
    ]
    columns = [_("image"), _("digest"), _("platforms"), _("size"), _("age"), _("signed"), _("SBOM")]
    data = {
        "images": [
            {
                "name": image.name,
                "place": image.place,
                "digest": image.digest,
                "platforms": list(image.platforms),
                "size": image.size,
                "created": image.created.isoformat() if image.created else None,
                "signatures": None if image.signatures is None else list(image.signatures),
                "sbom": image.sbom,
                "problem": image.problem,
            }
            for image in images
        ],
        "failures": failures.as_data(summary.failures),
    }
    signed = sum(bool(image.signatures) for image in images)
    text = _(
        "{count} images, {signed} signed, {sboms} with an SBOM; nothing here is verified: `uc image verify` does that"
    )
    return Report(
        "image-list",
        data,
        [*([Table(columns, rows, right=frozenset({3}))] if rows else []), *failures.listed(summary.failures)],
        summary=Cell(text.format(count=len(images), signed=signed, sboms=sum(bool(image.sbom) for image in images))),
        exit_code=failures.exit_code(summary.failures),
    )


def _signed(image: Listed) -> Cell:
    if image.signatures is None:
        return Cell("?", "unsure")
    return Cell(", ".join(image.signatures), "good") if image.signatures else Cell(_("no"), "bad")


def _has(sbom: bool | None) -> Cell:
    if sbom is None:
        return Cell("?", "unsure")
    return Cell(_("yes"), "good") if sbom else Cell(_("no"), "bad")
