"""What is wrong with a catalogue although each of its values is one: ids twice, needs in a circle, and the like."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.tables import CatalogueTable, RequirementTable
from undercurrent.tomlfile import Fault, Key, suggestion, written

__all__ = ["faults"]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def faults(table: CatalogueTable) -> Iterator[Fault]:
    """All of it."""
    yield from _twice(table)
    known = [action.id for action in table.action]
    for at, action in enumerate(table.action):
        yield from _unknown(("action", at, "needs"), action.needs, known)
        yield from _counted_twice(("action", at, "valued"), [valued.measure for valued in action.valued])
        yield from _asked(("action", at, "done"), action.done)
    for at, window in enumerate(table.window):
        yield from _unknown(("window", at, "actions"), window.actions, known)
    for at, claim in enumerate(table.claim):
        yield from _unknown(("claim", at, "actions"), claim.actions, known)
    yield from _circles({action.id: action.needs for action in table.action}, known)
    for at, checklist in enumerate(table.checklist):
        for of, section in enumerate(checklist.section):
            for number, item in enumerate(section.item):
                key = ("checklist", at, "section", of, "item", number, "requirement")
                yield from _asked(key, item.requirement)


def _twice(table: CatalogueTable) -> Iterator[Fault]:
    for kind in ("action", "window", "checklist", "claim", "profile"):
        yield from _same(((kind, at), one) for at, one in enumerate(getattr(table, kind)))
    yield from _same((("portfolio", "benefit", at), one) for at, one in enumerate(table.portfolio.benefit))
    for number, action in enumerate(table.action):
        yield from _same((("action", number, "benefit", at), one) for at, one in enumerate(action.benefit))
    for number, checklist in enumerate(table.checklist):
        sections = list(enumerate(checklist.section))
        yield from _same((("checklist", number, "section", at), section) for at, section in sections)
        # Marks name an item by its checklist and its own id, so it is the only one in all sections.
        yield from _same(
            (("checklist", number, "section", at, "item", row), item)
            for at, section in sections
            for row, item in enumerate(section.item)
        )


def _same(things: Iterable[tuple[Key, _Named]]) -> Iterator[Fault]:
    first: dict[str, Key] = {}
    for key, thing in things:
        if thing.id in first:
            reason = _("{name!r} is the id of {other} already").format(name=thing.id, other=written(first[thing.id]))
            yield Fault((*key, "id"), reason, _("give each an id of its own"))
        first.setdefault(thing.id, key)


def _unknown(key: Key, names: Sequence[str], known: Sequence[str]) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            hint = suggestion(name, known) if known else _("the file has no actions")
            yield Fault(key, _("there is no action {name!r}").format(name=name), hint)
    yield from _counted_twice(key, names)


def _counted_twice(key: Key, names: Sequence[str]) -> Iterator[Fault]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Fault(key, _("{name!r} is in it more than once").format(name=name), _("leave it there once"))


def _circles(needs: Mapping[str, Sequence[str]], order: Sequence[str]) -> Iterator[Fault]:
    """Each circle once, at the first of its actions."""
    done: set[str] = set()
    for start in order:
        path = [start]
        waiting = [iter(() if start in done else needs[start])]
        while waiting:
            name = next(waiting[-1], None)
            if name is None:
                waiting.pop()
                done.add(path.pop())
            elif name in path:
                circle = [*path[path.index(name) :], name]
                reason = _("the actions need one another in a circle: {names}").format(names=" → ".join(circle))
                yield Fault(("action", order.index(circle[0]), "needs"), reason, _("take one of them out of `needs`"))
            elif name in needs and name not in done:
                path.append(name)
                waiting.append(iter(needs[name]))


def _asked(key: Key, requirement: RequirementTable | None) -> Iterator[Fault]:
    if requirement is None:
        return
    if (requirement.at_least is None) == (requirement.percent is None):
        yield Fault(key, _("it must have either at_least or percent"))
    if requirement.percent is not None and requirement.measure is Measure.BYTES_COPIED:
        yield Fault(key, _("bytes are not out of a whole, so there is no percentage of them"), _("use at_least"))
