"""Views of rules: all of them, or the page of one."""

from collections.abc import Iterable
from typing import Any

from undercurrent.findings import Rule, Severity
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.report.model import Block, Cell, Mood, Prose, Report, Table, Text

__all__ = ["page", "severity_name", "view", "view_all"]

_MOODS: dict[Severity, Mood] = {Severity.ERROR: "bad", Severity.WARNING: "unsure", Severity.NOTE: ""}


def severity_name(severity: Severity) -> str:
    """What people call it."""
    return {Severity.ERROR: _("error"), Severity.WARNING: _("warning"), Severity.NOTE: _("note")}[severity]


def view(rule: Rule) -> Report:
    """All there is to say about a rule."""
    blocks: list[Block] = [
        Text(f"{rule.code} {rule.name}", "strong"),
        Text(_facts(rule), "quiet"),
        *(Prose(part) for part in (_(rule.summary), _(rule.explanation))),
        Text(_("What to do"), "strong"),
        Prose(_(rule.remedy)),
        *_example(rule),
    ]
    return Report("rule", _data(rule), blocks)


def view_all(rules: Iterable[Rule]) -> Report:
    """Codes and summaries."""
    rules = tuple(rules)
    rows = [
        (rule.code, rule.name, Cell(severity_name(rule.severity), _MOODS[rule.severity]), _(rule.summary))
        for rule in rules
    ]
    table = Table([_("code"), _("name"), _("severity"), _("what it finds")], rows, squeeze=frozenset({3}))
    hint = Text(_("`uc rule CODE` explains one and says what to do"), "quiet")
    return Report("rules", {"rules": [_data(rule) for rule in rules]}, [table, hint])


def page(rule: Rule) -> str:
    """The rule's page in the documentation: Markdown, in the language spoken now."""
    return "\n\n".join(
        (
            f"# {rule.code}: {rule.name}",
            f"*{_facts(rule)}*",
            f"**{_(rule.summary)}**",
            _(rule.explanation),
            "## " + _("What to do"),
            _(rule.remedy),
            *_example_page(rule),
        )
    )


def _example(rule: Rule) -> list[Block]:
    if not rule.before:
        return []
    return [
        Text(_("Before"), "strong"),
        Text(_indented(rule.before)),
        Text(_("After"), "strong"),
        Text(_indented(rule.after)),
    ]


def _example_page(rule: Rule) -> list[str]:
    if not rule.before:
        return []
    parts = []
    for heading, code in ((_("Before"), rule.before), (_("After"), rule.after)):
        parts += ["## " + heading, f"```{rule.language}\n{code.rstrip()}\n```"]
    return parts


def _indented(code: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in code.rstrip().splitlines())


def _facts(rule: Rule) -> str:
    severity = _("Severity: {severity}").format(severity=severity_name(rule.severity))
    if not rule.aliases:
        return severity
    return severity + " · " + _("Others call it: {names}").format(names=listed(rule.aliases))


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "summary": _(rule.summary),
        "explanation": _(rule.explanation),
        "remedy": _(rule.remedy),
        "aliases": list(rule.aliases),
        "confidence": rule.confidence,
        "example": {"language": rule.language, "before": rule.before, "after": rule.after} if rule.before else None,
    }
