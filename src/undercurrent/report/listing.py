"""A view of a list of images."""

from collections.abc import Sequence
from typing import Any, Final

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
    unknown = [Tree(short(image.place), [Tree(Cell(image.problem, "unsure"))]) for image in images if image.problem]
    blocks: list[Block] = []
    if images:
        columns = [_("image"), _("digest"), _("platforms"), _("size"), _("age"), _("signature"), _("SBOM")]
        blocks.append(Table(columns, [_row(image) for image in images], right=frozenset({3}), squeeze=frozenset({0})))
    if unknown:
        blocks.append(Tree(Cell(_("nobody can say what hangs on these"), "strong"), unknown))
    return Report(
        "image-list",
        {"images": [_data(image) for image in images], "failures": failures.as_data(summary.failures)},
        [*blocks, *failures.listed(summary.failures)],
        summary=_counts(images, failed=bool(summary.failures)),
        exit_code=failures.exit_code(summary.failures, [_COULD_NOT_CHECK] if unknown else []),
    )


def _row(image: Listed) -> list[Cell | str]:
    return [
        image.name,
        Cell(image.digest.partition(":")[2][:_DIGITS], "quiet"),
        "\n".join(image.platforms) or "-",
        size(image.size),
        age(image.created),
        _signed(image),
        _has(image.sbom),
    ]


def _data(image: Listed) -> dict[str, Any]:
    return {
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


def _counts(images: Sequence[Listed], *, failed: bool) -> Cell:
    text = ngettext(
        "{count} image, {signed} signed, {sboms} with an SBOM; nothing here is verified: `uc image verify` does that",
        "{count} images, {signed} signed, {sboms} with an SBOM; nothing here is verified: `uc image verify` does that",
        len(images),
    )
    if not images and failed:
        text = _("no image was found")
    elif not images:
        text = _("no image was found; name a place to look in: --registry, --layout, --archive or --engine")
    signed, sboms = sum(bool(image.signatures) for image in images), sum(bool(image.sbom) for image in images)
    return Cell(text.format(count=len(images), signed=signed, sboms=sboms))


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
