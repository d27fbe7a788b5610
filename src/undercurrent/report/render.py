"""Turns a Report into text: for people, for machines, for code scanners, for pull requests."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from undercurrent.errors import UndercurrentError
from undercurrent.findings import Finding
from undercurrent.report.github import github
from undercurrent.report.human import human
from undercurrent.report.junit import junit
from undercurrent.report.markdown import markdown
from undercurrent.report.model import SCHEMA, Report
from undercurrent.report.sarif import sarif

__all__ = ["RENDERERS", "as_json", "error_as_json"]


def as_json(report: Report) -> str:
    """One JSON document: the data, and the findings beside it."""
    findings = [_finding(finding) for finding in report.findings]
    return _dump({"schema": SCHEMA, "kind": report.kind, "data": report.data, "findings": findings})


def _finding(finding: Finding) -> dict[str, object]:
    fix = finding.fix
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": str(finding.severity),
        "confidence": finding.confidence,
        "message": finding.message,
        "place": {"name": finding.place.name, "line": finding.place.line, "column": finding.place.column},
        "fix": {"description": fix.description, "safe": fix.safe} if fix else None,
        "fingerprint": finding.fingerprint,
        "properties": dict(finding.properties or {}),
    }


def error_as_json(error: UndercurrentError) -> str:
    """An error in the same envelope."""
    body = _error(error)
    if error.also:
        body["also"] = [_error(other) for other in error.also]
    return _dump({"schema": SCHEMA, "kind": "error", "error": body})


def _error(error: UndercurrentError) -> dict[str, object]:
    return {"code": error.code, "message": error.message, "hint": error.hint, "docs": error.docs}


def _dump(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


RENDERERS: Final[Mapping[str, Callable[[Report], str]]] = {
    "human": human,
    "json": as_json,
    "sarif": sarif,
    "markdown": markdown,
    "junit": junit,
    "github": github,
}
"""Names that ``--output`` takes."""
