"""A view of what hangs on images: a tree for each."""

from collections.abc import Iterator
from typing import Any

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Cell, Report, Tree
from undercurrent.signing.attached import Attached, Attachment, Kind
from undercurrent.signing.identities import named
from undercurrent.signing.predicates import short_name

__all__ = ["view"]


def view(summary: Summary[Attached]) -> Report:
    """A tree for each image."""
    images = [success.result for success in summary.results]
    return Report(
        "image-tree",
        {"images": [_data(image) for image in images], "failures": failures.as_data(summary.failures)},
        [*(_tree(image) for image in images), *failures.listed(summary.failures)],
        exit_code=failures.exit_code(summary.failures, [4 for image in images if image.problems]),
    )


def _tree(image: Attached) -> Tree:
    label = f"{image.platform}  {image.digest}" if image.platform else f"{image.name}  {image.digest}"
    return Tree(Cell(label, "strong"), [*map(_tree, image.platforms), *_hanging(image)])


def _hanging(image: Attached) -> Iterator[Tree]:
    for attachment in image.attachments:
        yield Tree(_label(attachment))
    for problem in image.problems:
        yield Tree(Cell(f"? {problem.message}", "unsure"))
    if not image.attachments and not image.problems:
        yield Tree(Cell(_("nothing hangs on it"), "quiet"))


def _label(attachment: Attachment) -> Cell:
    name = {
        Kind.SIGNATURE: _("signature"),
        Kind.ATTESTATION: _("attestation"),
        Kind.SBOM: _("SBOM"),
        Kind.OTHER: _("referrer"),
    }[attachment.kind]
    if attachment.kind is not Kind.SIGNATURE:
        name += f" {short_name(attachment.type) or attachment.type}"
    if attachment.format:
        name = _("{what} ({format})").format(what=name, format=attachment.format)
    return _with_signer(name, attachment)


def _with_signer(name: str, attachment: Attachment) -> Cell:
    check = attachment.check
    if check is None:
        return Cell(f"{name}  {attachment.where}", "")
    if check.key:
        return Cell("✓ " + _("{what} by key {who}").format(what=name, who=named(check.key)), "good")
    if check.maker:
        return Cell("✓ " + _("{what} by {who}").format(what=name, who=named(check.maker)), "good")
    if check.reason:
        return Cell("✗ " + _("{what}: {why}").format(what=name, why=check.message), "bad")
    return Cell(_("{what} by {who}").format(what=name, who=check.identity or check.hint or _("somebody")), "")


def _data(image: Attached) -> dict[str, Any]:
    return {
        "name": image.name,
        "digest": image.digest,
        "media_type": image.media_type,
        "platform": str(image.platform) if image.platform else None,
        "attachments": [
            {
                "kind": attachment.kind,
                "type": attachment.type,
                "format": attachment.format,
                "where": attachment.where,
                "hint": attachment.check.hint if attachment.check else "",
                "identity": attachment.check.identity if attachment.check else "",
                "accepted": attachment.check.accepted if attachment.check else None,
                "reason": attachment.check.reason if attachment.check else None,
            }
            for attachment in image.attachments
        ],
        "problems": [{"where": item.where, "code": item.code, "message": item.message} for item in image.problems],
        "platforms": [_data(platform) for platform in image.platforms],
    }
