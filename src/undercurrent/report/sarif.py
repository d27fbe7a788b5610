"""For code scanners: SARIF 2.1.0.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from typing import Any
from urllib.parse import quote

from undercurrent import __version__
from undercurrent.findings import Finding, Rule
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report

__all__ = ["sarif"]


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
        "results": [_result(finding, order.index(finding.rule.code)) for finding in report.findings],
        "properties": {"kind": report.kind, "data": report.data},
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _(rule.summary)},
        "help": {
            "text": f"{_(rule.explanation)}\n\n{_(rule.remedy)}",
            "markdown": f"{_(rule.explanation)}\n\n{_(rule.remedy)}",
        },
        "defaultConfiguration": {"level": str(rule.severity)},
        "properties": {"tags": list(rule.aliases)},
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.place.name, safe="/:@")}}
    if finding.place.line:
        physical["region"] = {"startLine": finding.place.line}
        if finding.place.column:
            physical["region"]["startColumn"] = finding.place.column
    return {
        "ruleId": finding.rule.code,
        "ruleIndex": rule_index,
        "level": str(finding.severity),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"undercurrent/v1": f"{finding.rule.code}:{finding.place}"},
        "properties": dict(finding.properties or {}) | {"confidence": finding.confidence},
    }
