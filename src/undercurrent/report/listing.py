"""A view of a list of images."""

from typing import Final

from undercurrent.fleet import Summary
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Report, Table, Tree
from undercurrent.report.units import age, short, size
from undercurrent.workflows.listing import Listed

__all__ = ["view"]

_DIGITS: Final = 12
_COULD_NOT_CHECK: Final = 4


def view(summary: Summary[Listed]) -> Report:
    """A line for each image."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [
            image.name,
            Cell(image.digest.partition(":")[2][:_DIGITS], "quiet"),
            "\n".join(image.platforms) or "-",
            size(image.size),
            age(image.created),
            _signed(image),
            _has(image.sbom),
        ]
        for image in images
    ]
    columns = [_("image"), _("digest"), _("platforms"), _("size"), _("age"), _("signature"), _("SBOM")]
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
    text = ngettext(
        "{count} image, {signed} signed, {sboms} with an SBOM; nothing here is verified: `uc image verify` does that",
        "{count} images, {signed} signed, {sboms} with an SBOM; nothing here is verified: `uc image verify` does that",
        len(images),
    )
    if not images and summary.failures:
        text = _("no image was found")
    elif not images:
        text = _("no image was found; name a place to look in: --registry, --layout, --archive or --engine")
    unknown = [Tree(short(image.place), [Tree(Cell(image.problem, "unsure"))]) for image in images if image.problem]
    blocks: list[Block] = [Table(columns, rows, right=frozenset({3}), squeeze=frozenset({0}))] if rows else []
    if unknown:
        blocks.append(Tree(Cell(_("nobody can say what hangs on these"), "strong"), unknown))
    return Report(
        "image-list",
        data,
        [*blocks, *failures.listed(summary.failures)],
        summary=Cell(text.format(count=len(images), signed=signed, sboms=sum(bool(image.sbom) for image in images))),
        exit_code=failures.exit_code(summary.failures, [_COULD_NOT_CHECK] if unknown else []),
    )


def _signed(image: Listed) -> Cell:
    if image.signatures is None:
        return Cell("?", "unsure")
    if not image.signatures:
        return Cell(_("no"), "bad")
    return Cell(_("both") if len(image.signatures) > 1 else image.signatures[0], "good")


def _has(sbom: bool | None) -> Cell:
    if sbom is None:
        return Cell("?", "unsure")
    return Cell(_("yes"), "good") if sbom else Cell(_("no"), "bad")
