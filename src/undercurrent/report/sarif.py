"""For code scanners: SARIF 2.1.0.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from typing import Any, Final
from urllib.parse import quote

from undercurrent import __version__
from undercurrent.findings import Finding, Fix, Replacement, Rule
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report

__all__ = ["sarif"]

_PRECISIONS: Final = ((0.95, "very-high"), (0.8, "high"), (0.5, "medium"))


def sarif(report: Report) -> str:
    """The report's findings; its data goes along as a property of the run."""
    rules = {finding.rule.code: finding.rule for finding in report.findings}
    order = sorted(rules)
    driver = {
        "name": "undercurrent",
        "version": __version__,
        "rules": [_rule(rules[code]) for code in order],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order.index(finding.rule.code)) for finding in report.findings],
        "properties": {"kind": report.kind, "data": report.data},
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    help_text = "\n\n".join(_help(rule))
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _(rule.summary)},
        "help": {
            "text": help_text,
            "markdown": help_text,
        },
        "defaultConfiguration": {"level": str(rule.severity)},
        "properties": {"tags": list(rule.aliases), "precision": _precision(rule.confidence)},
    }


def _help(rule: Rule) -> list[str]:
    parts = [_(rule.explanation), _(rule.remedy)]
    if rule.before:
        for heading, code in ((_("Before"), rule.before), (_("After"), rule.after)):
            parts += [f"**{heading}**", f"```{rule.language}\n{code.rstrip()}\n```"]
    return parts


def _precision(confidence: float) -> str:
    """As GitHub's code scanning names how often a rule is right."""
    return next((name for least, name in _PRECISIONS if confidence >= least), "low")


def _fingerprints(finding: Finding) -> dict[str, str]:
    if finding.fingerprint:
        return {"undercurrent/v2": finding.fingerprint}
    return {"undercurrent/v1": f"{finding.rule.code}:{finding.place}"}


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _location(finding.place.name)}
    if finding.place.line:
        physical["region"] = {"startLine": finding.place.line}
        if finding.place.column:
            physical["region"]["startColumn"] = finding.place.column
    result = {
        "ruleId": finding.rule.code,
        "ruleIndex": rule_index,
        "level": str(finding.severity),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": _fingerprints(finding),
        "properties": dict(finding.properties or {}) | {"confidence": finding.confidence} | _mending(finding),
    }
    # Whoever takes a fix from here does not read more about it: only what changes nothing else is offered.
    if finding.fix and finding.fix.safe and finding.fix.edits:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _location(name: str) -> dict[str, Any]:
    first, slash, rest = name.partition("/")
    # Before the first slash a colon would end a scheme: `app:1.0` is no address (RFC 3986, section 4.2).
    first = quote(first, safe=":" if rest.startswith("/") else "@")
    return {"uri": first + slash + quote(rest, safe="/:@")}


def _mending(finding: Finding) -> dict[str, Any]:
    """In words; the edits, where there are some, are SARIF's ``fixes``."""
    fix = finding.fix
    return {"fix": {"description": fix.description, "safe": fix.safe}} if fix else {}


def _fix(fix: Fix) -> dict[str, Any]:
    names = dict.fromkeys(edit.begin.name for edit in fix.edits)
    changes = [
        {
            "artifactLocation": _location(name),
            "replacements": [_replacement(edit) for edit in fix.edits if edit.begin.name == name],
        }
        for name in names
    ]
    return {"description": {"text": fix.description}, "artifactChanges": changes}


def _replacement(edit: Replacement) -> dict[str, Any]:
    return {
        "deletedRegion": {
            "startLine": edit.begin.line,
            "startColumn": edit.begin.column,
            "endLine": edit.end.line,
            "endColumn": edit.end.column,
        },
        "insertedContent": {"text": edit.text},
    }
