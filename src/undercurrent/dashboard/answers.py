"""Questions and answers, whatever carries them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from undercurrent.errors import UndercurrentError
from undercurrent.report.model import Report
from undercurrent.report.render import as_json, error_as_json

__all__ = ["JSON", "Answer", "Question", "of_error", "of_json", "of_report"]

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks.

    Attributes:
        path: parts of the path that have a name.
        query: after the question mark; of what was given twice, the last.
        languages: the Accept-Language header.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    languages: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What they get.

    Attributes:
        body: the text.
        content_type: what kind of text it is.
        status: of HTTP.
    """

    body: str
    content_type: str = JSON
    status: int = 200


def of_report(report: Report) -> Answer:
    """A result, as ``--json`` prints it."""
    return Answer(as_json(report))


def of_error(error: UndercurrentError, status: int) -> Answer:
    """An error, likewise."""
    return Answer(error_as_json(error), status=status)


def of_json(document: Mapping[str, Any]) -> Answer:
    """A document."""
    return Answer(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
