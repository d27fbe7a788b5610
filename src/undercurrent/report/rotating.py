"""A view of a key that took another one's place, and of the images that were signed again."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from undercurrent.fleet import Summary
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Fields, Report, Table, Text
from undercurrent.signing.keys import public_beside
from undercurrent.signing.signers import is_file
from undercurrent.workflows.rotating import ResignedImage
from undercurrent.workflows.succession import Succession

__all__ = ["view"]


def view(done: Succession, private: Path, summary: Summary[ResignedImage] | None, *, dry_run: bool) -> Report:
    """The new key, how long the old one still counts, and what came of each image.

    Args:
        done: which key took the place of which.
        private: the new private key, as its user names it.
        summary: of the images; None if none were to be signed again.
        dry_run: whether nothing was done.
    """
    images = [success.result for success in summary.results] if summary else []
    failed = summary.failures if summary else ()
    data = {
        **_data(done, private, dry_run=dry_run),
        "resumed": summary.resumed if summary else 0,
        "images": [asdict(image) for image in images],
        "failures": failures.as_data(failed),
    }
    blocks: list[Block] = [_fields(done, private, dry_run=dry_run), *_trusting(done, private)]
    if images:
        rows: list[list[Cell | str]] = [
            [image.name, _outcome(image, dry_run=dry_run), image.untouched] for image in images
        ]
        blocks.append(Table([_("image"), _("outcome"), _("notes")], rows, squeeze=frozenset({0, 2})))
    blocks += [*failures.listed(failed), *_left(done, private, summary, dry_run=dry_run)]
    return Report(
        "key-rotate",
        data,
        blocks,
        summary=_summary(summary, images, dry_run=dry_run),
        exit_code=failures.exit_code(failed),
    )


def _data(done: Succession, private: Path, *, dry_run: bool) -> dict[str, Any]:
    key, kept = done.signer.public, done.kept
    return {
        "dry_run": dry_run,
        "made": done.made,
        "kind": str(key.kind),
        "fingerprint": key.fingerprint,
        "hint": key.hint,
        "private": str(private),
        "public": str(public_beside(private)) if is_file(private) else "",
        "old": done.old.fingerprint,
        "kept": str(kept.with_suffix(private.suffix)) if kept and done.made else "",
        "kept_public": str(kept) if kept else "",
        "until": done.until.isoformat(timespec="seconds") if done.until else "",
    }


def _fields(done: Succession, private: Path, *, dry_run: bool) -> Fields:
    key = done.signer.public
    rows: list[tuple[str, Cell | str]] = []
    if not dry_run:
        rows += [(_("kind"), str(key.kind)), (_("fingerprint"), key.fingerprint), (_("hint"), key.hint)]
        rows += [(_("private key"), str(private))]
        rows += [(_("public key"), str(public_beside(private)))] if is_file(private) else []
    rows.append((_("old key"), done.old.fingerprint))
    if done.kept:
        rows.append((_("old public key"), str(done.kept)))
    if done.until:
        rows.append((_("counts until"), f"{done.until:%Y-%m-%d %H:%M} UTC"))
    return Fields(rows)


def _trusting(done: Succession, private: Path) -> list[Block]:
    """What to write into undercurrent.toml, so that both keys are believed as long as both count."""
    if not (done.made and done.kept):
        return []
    line = f'public_keys = ["{public_beside(private)}", "{done.kept}"]'
    return [
        Text(_("to trust both as long as both count, write into [signing] of undercurrent.toml:")),
        Text(line, "strong"),
    ]


def _outcome(image: ResignedImage, *, dry_run: bool) -> Cell:
    if image.untouched:
        return Cell(_("left as it is"), "quiet")
    if image.added:
        return Cell(_("would be signed again"), "unsure") if dry_run else Cell(_("signed again"), "good")
    return Cell(_("signed by the new key already"), "quiet")


def _left(done: Succession, private: Path, summary: Summary[ResignedImage] | None, *, dry_run: bool) -> list[Block]:
    """What still depends on the old key, and what to do in the end."""
    if summary is None or dry_run:
        return []
    if count := len(summary.failures):
        text = ngettext(
            "{count} image may still verify only with the old key",
            "{count} images may still verify only with the old key",
            count,
        )
        return [Text(text.format(count=count)), Text(done.how_to_go_on(str(private)))]
    end = _("nothing of this depends on the old key any more; take it out of public_keys, policies and pipelines")
    return [Text(end)] if done.kept else []


def _summary(summary: Summary[ResignedImage] | None, images: list[ResignedImage], *, dry_run: bool) -> Cell:
    if summary is None:
        return Cell(_("now sign again what the old key signed: uc key rotate --all"), "good")
    again = sum(bool(image.added) for image in images)
    untouched = sum(bool(image.untouched) for image in images)
    parts = [
        (_("{count} would be signed again") if dry_run else _("{count} signed again")).format(count=again),
        _("{count} signed already").format(count=len(images) - again - untouched),
        _("{count} left as they are").format(count=untouched),
    ]
    if summary.resumed:
        parts.append(_("{count} of them by the run that was cut off").format(count=summary.resumed))
    if summary.failures:
        parts.append(_("{count} failed").format(count=len(summary.failures)))
    return Cell(listed(parts), "bad" if summary.failures else "good")
