"""Findings in pods and services: how each gets its place, its words and its facts."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.podchecks import Found
from undercurrent.hardening.manifests.servicechecks import ServiceViolation, service_violations
from undercurrent.i18n import translate as _
from undercurrent.kube import Pod
from undercurrent.yamltext import place_of

__all__ = ["in_pod", "in_service", "violations_of"]

_HIDDEN: Final = 80
"""Characters of a value that are shown."""


def in_pod(rule: Rule, pod: Pod, found: Found, text: str, *, fixable: bool = False) -> Finding:
    """A finding about a pod or one of its containers.

    Args:
        rule: what was found.
        pod: where.
        found: at which place in it.
        text: with ``{title}`` of the object, ``{name}`` of the container, ``{value}`` and ``{field}``.
        fixable: `uc harden manifests` mends it.
    """
    key = (*pod.key, *found.key) if found.key[:1] == ("metadata",) else pod.at(*found.key)
    field = next((str(step) for step in reversed(found.key) if isinstance(step, str)), "")
    name = found.container.name if found.container else _("the pod")
    facts = {"title": pod.title, "name": name, "value": found.value[:_HIDDEN], "field": field}
    place = Place(pod.document.name, *place_of(pod.document, key))
    return _finding(rule, place, text, facts, (pod.title, name), fixable=fixable)


def in_service(rule: Rule, service: Service, found: ServiceViolation, text: str, *, fixable: bool = False) -> Finding:
    """A finding about a service; ``text`` with its ``{name}`` and the ``{value}``."""
    facts = {"title": service.name, "name": service.name, "value": found.value[:_HIDDEN], "field": ""}
    document, key = service.place(*found.key)
    place = Place(document.name, *place_of(document, key))
    return _finding(rule, place, text, facts, (service.name,), fixable=fixable)


def _finding(
    rule: Rule, place: Place, text: str, facts: dict[str, str], who: tuple[str, ...], *, fixable: bool
) -> Finding:
    fix = Fix(_("`uc harden manifests --write` changes it") if fixable else _(rule.remedy), safe=False)
    fingerprint = ":".join((rule.code, place.name, *who, facts["value"], facts["field"]))
    properties = {name: value for name, value in facts.items() if value}
    return rule.found(place, text.format(**facts), fix=fix, properties=properties, fingerprint=fingerprint)


def violations_of(service: Service, check: str) -> Iterator[ServiceViolation]:
    """What one check finds in a service."""
    return (found for found in service_violations(service) if found.check == check)
