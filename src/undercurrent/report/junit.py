"""For CI systems that show test results: JUnit's XML, as Jenkins describes it.

A suite for each file or image that was looked at; a failed case for each finding, and a passed one where there is
none. Shape: https://github.com/jenkinsci/xunit-plugin, ``junit-10.xsd``.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from undercurrent.findings import Finding
from undercurrent.report.model import Report

__all__ = ["junit"]

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""


def junit(report: Report) -> str:
    """The report's findings, and what was looked at without one."""
    found: dict[str, list[Finding]] = {name: [] for name in report.checked}
    for finding in report.findings:
        found.setdefault(finding.place.name, []).append(finding)
    failures = len(report.findings)
    tests = failures + sum(not findings for findings in found.values())
    root = ET.Element("testsuites", {"name": _text(f"undercurrent {report.kind}")} | _counts(tests, failures))
    for name, findings in found.items():
        _add_suite(root, name, findings, report.kind)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: ET.Element, name: str, findings: Iterable[Finding], kind: str) -> None:
    findings = list(findings)
    suite = ET.SubElement(root, "testsuite", {"name": _text(name)} | _counts(len(findings) or 1, len(findings)))
    if not findings:
        ET.SubElement(suite, "testcase", classname=_text(name), name=_text(kind))
    for finding in findings:
        title = f"{finding.rule.code} {finding.rule.name}"
        where = f"{title}:{finding.place.line}" if finding.place.line else title
        case = ET.SubElement(suite, "testcase", classname=_text(name), name=_text(where))
        failure = ET.SubElement(case, "failure", message=_text(finding.message), type=str(finding.severity))
        fix = f"\n{finding.fix.description}" if finding.fix else ""
        failure.text = _text(f"{finding.place}: {title}: {finding.message}{fix}")


def _counts(tests: int, failures: int) -> dict[str, str]:
    return {"tests": str(tests), "failures": str(failures), "errors": "0"}


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
