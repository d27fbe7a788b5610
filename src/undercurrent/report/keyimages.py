"""A view of the images that a key signed, and of which of them depend on it."""

from collections.abc import Sequence
from dataclasses import asdict

from undercurrent.fleet import Failed
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Report, Table
from undercurrent.report.units import age, short
from undercurrent.signing.verify import Verdict
from undercurrent.workflows.keyimages import GONE, KeyImage

__all__ = ["view"]

_FINDINGS = 1


def view(fingerprint: str, images: Sequence[KeyImage], failed: Sequence[Failed] = ()) -> Report:
    """The images, and who else stands for each.

    Args:
        fingerprint: of the key.
        images: what it signed.
        failed: of which nobody can say, if somebody looked.
    """
    alone = [image for image in images if not image.covered and image.verdict != Verdict.COULD_NOT_CHECK]
    rows: list[list[Cell | str]] = [
        [image.name, short(image.digest), age(image.last), _standing(image)] for image in images
    ]
    columns = [_("image"), _("digest"), _("last"), _("without this key")]
    data = {
        "fingerprint": fingerprint,
        "images": [
            {
                **asdict(image),
                "first": image.first.isoformat(timespec="seconds"),
                "last": image.last.isoformat(timespec="seconds"),
                "covered": image.covered,
            }
            for image in images
        ],
        "failures": failures.as_data(failed),
    }
    table: list[Block] = [Table(columns, rows, squeeze=frozenset({0}))] if rows else []
    return Report(
        "key-images",
        data,
        [*table, *failures.listed(failed)],
        summary=_summary(images, alone),
        exit_code=failures.exit_code(failed, [_FINDINGS] if alone else []),
    )


def _standing(image: KeyImage) -> Cell:
    if image.verdict == GONE:
        return Cell(_("it is gone"), "quiet")
    if image.verdict == Verdict.COULD_NOT_CHECK:
        return Cell(_("? could not check"), "unsure")
    if image.covered:
        return Cell(_("✓ verified") if image.verdict else _("signed by {keys}").format(keys=_others(image)), "good")
    return Cell(_("nobody stands for it"), "bad")


def _others(image: KeyImage) -> str:
    return ", ".join(key[:12] for key in image.covered_by)


def _summary(images: Sequence[KeyImage], alone: Sequence[KeyImage]) -> Cell:
    if not images:
        return Cell(_("evidence knows of nothing that this key signed"), "quiet")
    text = ngettext("{count} image by this key", "{count} images by this key", len(images))
    counted = text.format(count=len(images))
    if not alone:
        return Cell(_("{images}; none depends on it").format(images=counted), "good")
    return Cell(_("{images}; {count} of them by nobody else").format(images=counted, count=len(alone)), "bad")
