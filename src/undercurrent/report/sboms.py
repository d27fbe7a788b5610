"""A view of SBOMs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures
from undercurrent.report.model import Block, Cell, Report, Table, Text
from undercurrent.sbom.document import Sbom, packages
from undercurrent.workflows.sboms import documents

__all__ = ["view"]


def view(summary: Summary[tuple[Sbom, ...]], files: Mapping[Sbom, Path]) -> Report:
    """A line for each document; ``files`` says where those are that were written."""
    made = documents(summary)
    rows: list[list[Cell | str]] = [
        [
            document.image,
            str(document.platform),
            document.format.name,
            str(document.package_count),
        ]
        for document in made
    ]
    columns = [_("image"), _("platform"), _("format"), _("packages")]
    blocks: list[Block] = [*_listed(made)]
    if rows:
        blocks.append(Table(columns, rows, right=frozenset({3}), squeeze=frozenset({0})))
        # Not in the table: whoever copies a path wants it on one line.
        blocks.append(Text("\n".join(str(files.get(document, document.path)) for document in made), "quiet"))
    data = {
        "documents": [
            {
                "image": document.image,
                "digest": document.digest,
                "platform": str(document.platform),
                "format": document.format.name,
                "packages": document.package_count,
                "syft": document.tool_version,
                "file": str(files.get(document, document.path)),
            }
            for document in made
        ],
        "failures": failures.as_data(summary.failures),
    }
    return Report(
        "image-sbom",
        data,
        [*blocks, *failures.listed(summary.failures)],
        exit_code=failures.exit_code(summary.failures),
    )


def _listed(made: Sequence[Sbom]) -> list[Table]:
    """The packages, where there is one document to read."""
    if len(made) != 1:
        return []
    rows = [[package.name, package.version, package.purl] for package in packages(made[0])]
    return [Table([_("package"), _("version"), _("package URL")], rows)] if rows else []
