"""For GitHub's runners: findings as workflow commands, which show beside the lines of a pull request.

Commands and what is escaped in them: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
and ``packages/core/src/command.ts`` of https://github.com/actions/toolkit.
"""

from typing import Final

from undercurrent.findings import Finding, Severity
from undercurrent.report.model import Report
from undercurrent.report.plain import plain

__all__ = ["github"]

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github(report: Report) -> str:
    """A command for each finding, and the report's summary as a line of the log."""
    lines = [_command(finding) for finding in report.findings]
    if report.summary:
        # A line that began with two colons would be a command, too.
        lines.append(plain(" ".join(report.summary.text.splitlines())).lstrip(": "))
    return "\n".join(lines) + "\n"


def _command(finding: Finding) -> str:
    place = finding.place
    facts = {
        "file": place.name,
        "line": str(place.line or ""),
        "col": str(place.column or ""),
        "title": f"{finding.rule.code} {finding.rule.name}",
    }
    properties = ",".join(f"{name}={_property(value)}" for name, value in facts.items() if value)
    return f"::{_COMMANDS[finding.severity]} {properties}::{_data(finding.message)}"


def _data(text: str) -> str:
    """What may not stand in a message, escaped; what nobody could see is written out, ends of lines aside."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(plain(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
