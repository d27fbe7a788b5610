"""Findings: what a check found, as data. Rules: what there is to find, with its documentation.

A rule lives in one file, with everything there is to say about it; ``uc rule CODE`` prints that, the pages
of the documentation are made from it, and SARIF carries it. UC1xx hardening, UC2xx supply chain, UC3xx leaks,
UC4xx sandboxes, UC5xx delivery, UC6xx cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "Fix", "Place", "Replacement", "Rule", "Severity"]


class Severity(StrEnum):
    """How much a finding matters; the values are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing there is to find.

    Attributes:
        code: ``UC201``; stable, never used for something else.
        name: kebab-case, for configuration and JSON.
        severity: of its findings, unless they say otherwise.
        summary: one sentence, English; translated where it is shown.
        explanation: why it matters, Markdown, English; translated where it is shown.
        remedy: what to do, Markdown, English; translated where it is shown.
        aliases: what others call it (``CIS 4.5``).
        confidence: of its findings, unless they say otherwise; from 0 to 1.
        before: an example that has it, or "".
        after: the same one, mended.
        language: of the examples, as code blocks in Markdown name it.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    explanation: str
    remedy: str
    aliases: tuple[str, ...] = ()
    confidence: float = 1.0
    before: str = ""
    after: str = ""
    language: str = "dockerfile"

    def found(self, place: "Place", message: str, **more: Any) -> "Finding":
        """A finding of this rule, with its severity and confidence unless ``more`` (of a `Finding`) says otherwise."""
        usual: dict[str, Any] = {"severity": self.severity, "confidence": self.confidence}
        return Finding(self, message, place, **(usual | more))


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a path or an image, and a line and column (from 1) where there are lines."""

    name: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.name, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to stand in a file instead of what stands there now.

    Attributes:
        begin: where that begins; with its line and column.
        end: where it ends: the first character that stays. The same as ``begin`` where something is put in.
        text: the new one.
    """

    begin: Place
    end: Place
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What would mend it.

    Attributes:
        description: in words.
        safe: nothing else changes.
        edits: what does it, all of them together; none where only a person, or `uc harden fix`, can say.
    """

    description: str
    safe: bool
    edits: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule's thing was found.

    Attributes:
        rule: what was found.
        message: what is so here, one sentence, in the user's language.
        place: where.
        severity: the rule's, or another.
        confidence: from 0 to 1.
        fix: what would mend it, if something would.
        properties: facts for machines (digest, reasons), JSON values.
        fingerprint: tells it from others and stays when its line moves; "" where nothing but its place tells.
    """

    rule: Rule
    message: str
    place: Place
    severity: Severity
    confidence: float = 1.0
    fix: Fix | None = None
    properties: Mapping[str, object] | None = None
    fingerprint: str = ""
