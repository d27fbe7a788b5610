"""A view of what was signed."""

from dataclasses import asdict

from undercurrent.fleet import Summary
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Report, Table
from undercurrent.report.units import short
from undercurrent.workflows.signing import SignedImage

__all__ = ["view"]


def view(summary: Summary[SignedImage], *, dry_run: bool) -> Report:
    """What came of each image, and what could not be signed."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [image.name, _outcome(image, dry_run=dry_run), _formats(image), _sboms(image), _notes(image, dry_run=dry_run)]
        for image in images
    ]
    columns = [_("image"), _("outcome"), _("formats"), _("SBOMs"), _("notes")]
    table = Table(columns, rows, right=frozenset({3}), squeeze=frozenset({0, 4}))
    data = {
        "dry_run": dry_run,
        "resumed": summary.resumed,
        "images": [{**asdict(image), "changed": image.changed} for image in images],
        "failures": failures.as_data(summary.failures),
    }
    blocks: list[Block] = [*([table] if rows else []), *failures.listed(summary.failures)]
    return Report(
        "image-sign",
        data,
        blocks,
        summary=_summary(summary, images, dry_run=dry_run),
        exit_code=failures.exit_code(summary.failures),
    )


def _outcome(image: SignedImage, *, dry_run: bool) -> Cell:
    if image.added or image.platforms_added:
        return Cell(_("would be signed"), "unsure") if dry_run else Cell(_("signed"), "good")
    if image.sboms_added:
        return Cell(_("SBOM would be attached"), "unsure") if dry_run else Cell(_("SBOM attached"), "good")
    return Cell(_("signed already"), "quiet")


def _formats(image: SignedImage) -> str:
    return ", ".join(sorted({*image.added, *image.present}))


def _sboms(image: SignedImage) -> str:
    return str(image.sboms) if image.sboms else "-"


def _notes(image: SignedImage, *, dry_run: bool) -> str:
    notes = []
    if image.platforms:
        notes.append(
            ngettext("{count} platform too", "{count} platforms too", image.platforms).format(count=image.platforms)
        )
    if image.brought_from:
        text = _("would be copied from {engine} to {place}") if dry_run else _("copied from {engine} to {place}")
        notes.append(text.format(engine=image.brought_from, place=image.place))
    if image.moved_to:
        text = _("the tag moved meanwhile to {new}; {old} was signed")
        notes.append(text.format(new=short(image.moved_to), old=short(image.digest)))
    if image.gone:
        notes.append(_("its name was deleted meanwhile; {old} was signed").format(old=short(image.digest)))
    return _("; ").join(notes)


def _summary(summary: Summary[SignedImage], images: list[SignedImage], *, dry_run: bool) -> Cell:
    changed = sum(image.changed for image in images)
    parts = [
        (_("{count} would be changed") if dry_run else _("{count} changed")).format(count=changed),
        _("{count} left alone").format(count=len(images) - changed),
    ]
    if summary.resumed:
        parts.append(_("{count} of them by the run that was cut off").format(count=summary.resumed))
    if summary.failures:
        parts.append(_("{count} failed").format(count=len(summary.failures)))
    return Cell(listed(parts), "bad" if summary.failures else "good")
