"""Catalogues as machines get them: the keys of the file, amounts as text."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from undercurrent.planning.aging import Read, oldest, stale
from undercurrent.planning.catalogue import (
    Action,
    Benefit,
    Catalogue,
    Checklist,
    Claim,
    Item,
    Label,
    Profile,
    Requirement,
    Source,
    Window,
)
from undercurrent.planning.loading import BUILTIN
from undercurrent.planning.money import exact, exact_if_known

__all__ = ["catalogue_data", "claim_data", "label_data", "read_data", "source_data", "summary_data"]


def label_data(label: Label | None) -> dict[str, str] | None:
    """A text, in both languages."""
    return None if label is None else {"zh": label.zh, "en": label.en}


def source_data(source: Source | None) -> dict[str, str] | None:
    """Where something was read, and when."""
    if source is None:
        return None
    return {"text": source.text, "read": source.read.isoformat(), "confidence": source.confidence}


def read_data(read: Read, day: date) -> dict[str, Any]:
    """What was read, and how many days before ``day``."""
    return {"what": read.what, "id": read.id, "days": read.days(day), "source": source_data(read.source)}


def summary_data(catalogue: Catalogue, day: date) -> dict[str, Any]:
    """What is in a catalogue, in numbers."""
    return {
        "id": catalogue.id,
        "title": label_data(catalogue.title),
        "origin": catalogue.origin,
        "built_in": catalogue.origin in BUILTIN,
        "actions": len(catalogue.actions),
        "windows": len(catalogue.windows),
        "checklists": len(catalogue.checklists),
        "claims": len(catalogue.claims),
        "oldest": read_data(oldest(catalogue), day),
        "stale": [read_data(read, day) for read in stale(catalogue, day)],
    }


def catalogue_data(catalogue: Catalogue) -> dict[str, Any]:
    """All of it."""
    return {
        "id": catalogue.id,
        "title": label_data(catalogue.title),
        "origin": catalogue.origin,
        "built_in": catalogue.origin in BUILTIN,
        "currency": catalogue.currency,
        "source": source_data(catalogue.source),
        "portfolio": {
            "monthly": exact(catalogue.portfolio.monthly),
            "benefits": _benefits(catalogue.portfolio.benefits),
        },
        "profiles": [_profile(profile) for profile in catalogue.profiles],
        "actions": [_action(action) for action in catalogue.actions],
        "windows": [_window(window) for window in catalogue.windows],
        "checklists": [_checklist(checklist) for checklist in catalogue.checklists],
        "claims": [claim_data(claim) for claim in catalogue.claims],
    }


def claim_data(claim: Claim) -> dict[str, Any]:
    """A claim, and what is known of it."""
    return {
        "id": claim.id,
        "statement": label_data(claim.statement),
        "status": str(claim.status),
        "finding": label_data(claim.finding),
        "source": source_data(claim.source),
        "actions": list(claim.actions),
    }


def _benefits(benefits: Iterable[Benefit]) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "name": label_data(one.name), "yearly": exact(one.yearly), "basis": str(one.basis)}
        for one in benefits
    ]


def _profile(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "name": label_data(profile.name),
        "risk": exact(profile.risk),
        "money": exact_if_known(profile.money),
        "days": exact_if_known(profile.days),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "number": action.number,
        "name": label_data(action.name),
        "needs": list(action.needs),
        "days": exact_if_known(action.days),
        "once": exact(action.once),
        "monthly": exact(action.monthly),
        "yearly": exact(action.yearly),
        "risk": exact(action.risk),
        "months": action.months,
        "benefits": _benefits(action.benefits),
        "shown": label_data(action.shown),
        "failures": [
            {"name": label_data(one.name), "probability": exact(one.probability), "impact": exact(one.impact)}
            for one in action.failures
        ],
        "caution": label_data(action.caution),
        "first": label_data(action.first),
        "done": _requirement(action.done),
        "valued": [
            {"measure": str(one.measure), "each": exact(one.each), "unit": exact(one.unit)} for one in action.valued
        ],
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "id": window.id,
        "day": window.day.isoformat(),
        "kind": window.kind,
        "name": label_data(window.name),
        "actions": list(window.actions),
        "binds": label_data(window.binds),
        "source": source_data(window.source),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _checklist(checklist: Checklist) -> dict[str, Any]:
    return {
        "id": checklist.id,
        "title": label_data(checklist.title),
        "due": _day(checklist.due),
        "source": source_data(checklist.source),
        "sections": [
            {
                "id": section.id,
                "title": label_data(section.title),
                "due": _day(section.due),
                "items": [_item(item) for item in section.items],
            }
            for section in checklist.sections
        ],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "text": label_data(item.text),
        "due": _day(item.due),
        "requirement": _requirement(item.requirement),
        "given": item.given,
    }


def _requirement(asked: Requirement | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    return {"measure": str(asked.measure), "at_least": asked.at_least, "percent": exact_if_known(asked.percent)}
