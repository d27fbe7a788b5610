"""A checklist as a catalogue file (TOML), to be edited by hand from then on."""

import json
from collections.abc import Iterator
from datetime import date

from undercurrent.planning.catalogue import Checklist, Item, Label, Requirement, Section, Source

__all__ = ["as_toml"]


def as_toml(checklist: Checklist) -> str:
    """A whole catalogue file with ``checklist`` in it, which `undercurrent.planning.loading` reads back as it is."""
    return "\n".join((*_head(checklist), *_checklist(checklist))) + "\n"


def _head(checklist: Checklist) -> Iterator[str]:
    yield "version = 1"
    yield f"id = {_quoted(checklist.id)}"
    yield f"title = {_label(checklist.title)}"
    yield 'currency = "XXX" # none: there are no amounts'
    yield f"source = {_source(checklist.source or Source(checklist.id, date.today()))}"  # noqa: DTZ011 - read here, now


def _checklist(checklist: Checklist) -> Iterator[str]:
    yield from ("", "[[checklist]]", f"id = {_quoted(checklist.id)}", f"title = {_label(checklist.title)}")
    yield from _due(checklist.due)
    for section in checklist.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield from ("", "[[checklist.section]]", f"id = {_quoted(section.id)}", f"title = {_label(section.title)}")
    yield from _due(section.due)
    for item in section.items:
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    yield from ("", "[[checklist.section.item]]", f"id = {_quoted(item.id)}", f"text = {_label(item.text)}")
    yield from _due(item.due)
    if item.given is not None:
        yield f"given = {str(item.given).lower()}"
    if item.requirement is not None:
        yield f"requirement = {_requirement(item.requirement)}"


def _due(due: date | None) -> Iterator[str]:
    if due is not None:
        yield f"due = {due}"


def _requirement(requirement: Requirement) -> str:
    if requirement.percent is not None:
        return f"{{ measure = {_quoted(requirement.measure)}, percent = {requirement.percent:f} }}"
    return f"{{ measure = {_quoted(requirement.measure)}, at_least = {requirement.at_least} }}"


def _source(source: Source) -> str:
    return f"{{ text = {_quoted(source.text)}, read = {source.read}, confidence = {_quoted(source.confidence)} }}"


def _label(label: Label) -> str:
    if label.zh == label.en:
        return _quoted(label.en)
    return f"{{ zh = {_quoted(label.zh)}, en = {_quoted(label.en)} }}"


def _quoted(text: str) -> str:
    """A basic string of TOML; its escapes are those of JSON, apart from the one control character that JSON lets be."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
