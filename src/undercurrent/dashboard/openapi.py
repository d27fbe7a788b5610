"""What the server answers, described for programs.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Mapping
from typing import Any, Final

from undercurrent import __version__

__all__ = ["LARGEST_PAGE", "PAGE", "RECORD_FILTERS", "description"]

PAGE: Final = 100
"""Records in an answer unless the question says otherwise."""
LARGEST_PAGE: Final = 1000

RECORD_FILTERS: Final[Mapping[str, str]] = {
    "kind": "What was done, exactly: image-signed.",
    "subject": "A digest or a path, exactly.",
    "outcome": "How it ended, exactly: signed.",
    "run": "The run that it belongs to.",
    "name": "What the subject was called, exactly.",
}
_ENVELOPE: Final = {"schema": {"const": "undercurrent/v1"}, "kind": {"type": "string"}}


def description(*, secured: bool) -> dict[str, Any]:
    """The document.

    Args:
        secured: whether requests need a token.
    """
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Undercurrent",
            "version": __version__,
            "description": "Where you stand, read-only. JSON as `uc … --json` prints it; keys are never translated.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {path: {"get": operation} for path, operation in _operations().items()},
        "components": {"schemas": _schemas()},
    }
    if secured:
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic", "description": "The token is the password."},
        }
        document["security"] = [{"bearer": []}, {"basic": []}]
        document["paths"]["/healthz"]["get"]["security"] = []
    return document


def _operations() -> dict[str, dict[str, Any]]:
    language = _parameter("lang", "Language that the page begins in.", {"type": "string", "enum": ["en", "zh"]})
    filters = [_parameter(name, told, {"type": "string"}) for name, told in RECORD_FILTERS.items()]
    paging = [
        _parameter("since", "This instant or later.", {"type": "string", "format": "date-time"}),
        _parameter("after", "Go on after the record with this identifier: `next` of the answer before.", _TEXT),
        _parameter(
            "limit", "At most so many.", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
        ),
    ]
    record = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "Its identifier, or enough of its beginning.",
    }
    return {
        "/": _operation("page", "The page, for people.", "text/html", _TEXT, [language]),
        "/api/v1/standing": _operation("standing", "Where you stand.", "application/json", _ref("Standing")),
        "/api/v1/records": _operation(
            "records", "Records, the newest first.", "application/json", _ref("Records"), filters + paging, bad=True
        ),
        "/api/v1/records/{id}": _operation(
            "record",
            "One record.",
            "application/json",
            _ref("OneRecord"),
            [{**record, "schema": _TEXT}],
            bad=True,
            missing=True,
        ),
        "/api/openapi.json": _operation(
            "description", "This document.", "application/json", {"type": "object"}, fails=False
        ),
        "/metrics": _operation("metrics", "Metrics for Prometheus.", "text/plain", _TEXT),
        "/healthz": _operation(
            "health", "Whether the server is there.", "application/json", _ref("Health"), fails=False
        ),
    }


_TEXT: Final = {"type": "string"}


def _parameter(name: str, told: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(
    name: str,
    told: str,
    content: str,
    schema: Mapping[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    *,
    bad: bool = False,
    missing: bool = False,
    fails: bool = True,
) -> dict[str, Any]:
    error = {"application/json": {"schema": _ref("Error")}}
    answers = {"200": {"description": told, "content": {content: {"schema": schema}}}}
    if bad:
        answers["400"] = {"description": "The question makes no sense.", "content": error}
    if missing:
        answers["404"] = {"description": "There is no such record.", "content": error}
    if fails:
        answers["503"] = {"description": "The evidence or the plan cannot be read now.", "content": error}
    found: dict[str, Any] = {"operationId": name, "summary": told, "responses": answers}
    return {**found, "parameters": parameters} if parameters else found


def _schemas() -> dict[str, Any]:
    fields = ("id", "kind", "subject", "name", "outcome", "tool", "tool_version", "run")
    record = {
        "type": "object",
        "required": [*fields, "at", "proof"],
        "properties": {
            **dict.fromkeys(fields, _TEXT),
            "at": {"type": "string", "format": "date-time"},
            "proof": {"type": "object"},
        },
    }
    page = {
        "type": "object",
        "required": ["records", "next"],
        "properties": {
            "records": {"type": "array", "items": _ref("Record")},
            "next": {"type": ["string", "null"], "description": "What `after` takes to go on; null at the end."},
        },
    }
    error = {
        "type": "object",
        "required": ["code", "message", "hint", "docs"],
        "properties": dict.fromkeys(("code", "message", "hint", "docs"), _TEXT),
    }
    return {
        "Record": record,
        "Records": _envelope("data", page),
        "OneRecord": _envelope("data", _ref("Record")),
        "Standing": _envelope("data", {"type": "object"}),
        "Error": _envelope("error", error),
        "Health": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
    }


def _envelope(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["schema", "kind", name], "properties": {**_ENVELOPE, name: schema}}
