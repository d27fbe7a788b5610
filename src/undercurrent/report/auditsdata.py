"""What `uc harden audit` found, for machines."""

from collections import Counter
from typing import Any

from undercurrent.findings import Finding
from undercurrent.hardening.auditing.ignoring import Ignored
from undercurrent.workflows.auditing import Audit, Audited, Place, Unchecked

__all__ = ["data"]


def data(audit: Audit) -> dict[str, Any]:
    """The keys are those of ``kind`` ``harden-audit``."""
    return {
        "files": [_file(one) for one in audit.audited],
        "ranking": [_place(place) for place in audit.ranking],
        "groups": dict(Counter(str(place.group) for place in audit.ranking)),
        "identities": dict(Counter(str(place.image.identity) for place in audit.ranking)),
        "could_not_check": [_unchecked(one) for one in audit.unchecked],
        "bases_not_known": [_unchecked(one) for one in audit.unknown],
        "tools": list(audit.tools),
    }


def _unchecked(one: Unchecked) -> dict[str, Any]:
    return {"name": one.name, "code": one.error.code, "message": one.error.message}


def _file(one: Audited) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "digest": one.digest or None,
        "findings": len(one.findings),
        "ignored": [_ignored(ignored) for ignored in one.ignored],
        "known": [_known(finding) for finding in one.known],
    }


def _ignored(ignored: Ignored) -> dict[str, Any]:
    return _known(ignored.finding) | {"reason": ignored.reason}


def _known(finding: Finding) -> dict[str, Any]:
    return {"code": finding.rule.code, "line": finding.place.line, "message": finding.message}


def _place(place: Place) -> dict[str, Any]:
    image, priority = place.image, place.priority
    return {
        "name": place.name,
        "kind": place.kind,
        "target": image.target,
        "priority": round(priority.score, 2),
        "factors": {
            "exposure": priority.exposure,
            "reach": priority.reach,
            "uses": priority.uses,
            "effort": priority.effort,
        },
        "group": str(place.group),
        "identity": str(image.identity),
        "user": image.user,
        "drops_with": image.drops or None,
        "reason": image.reason,
        "line": image.line,
        "base": image.base,
        "server": image.server,
        "ports": list(image.ports),
        "needs": [
            {"capability": capability, "why": why, "avoidable": avoidable} for capability, why, avoidable in image.needs
        ],
        "doubts": image.doubts,
        "used_by": [
            {"where": use.where, "published": list(use.published), "over_host": use.over_host} for use in place.uses
        ],
    }
