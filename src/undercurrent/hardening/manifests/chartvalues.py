"""Values that make a Helm chart's pods pass "restricted", as far as the chart lets values say so."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.yamltext import Document, Key, plain
from undercurrent.yamltext.shapes import mapping_in
from undercurrent.yamltext.writing import Manner, lines

__all__ = ["proposed_values"]

_POD: Final = frozenset({"podsecuritycontext", "podsecurity"})
_CONTAINER: Final = frozenset({"securitycontext", "containersecuritycontext"})
_DEEPEST: Final = 6


def proposed_values(values: Document, wanted: Wanted) -> str:
    """A file of values to give to Helm beside the chart's own; empty where the chart has no value for it.

    Charts call them ``podSecurityContext`` and ``securityContext`` (as ``helm create`` does) or
    ``containerSecurityContext``, at the top or below a component.
    """
    made: dict[str, Any] = {}
    found = list(_contexts(mapping_in(plain(values.root)), ()))
    names = {key[-1].lower() for key, _has in found if isinstance(key[-1], str)}
    for key, has in found:
        name = str(key[-1]).lower()
        # Where there is only the one, it is the pod's in some charts and the container's in others; where both are
        # there, the one without "pod" in its name is the container's.
        new = _for_pod(has, wanted) if name in _POD else _for_container()
        if name == "securitycontext" and "containersecuritycontext" in names:
            new = _for_pod(has, wanted)
        place = made
        for step in key[:-1]:
            place = place.setdefault(str(step), {})
        place[str(key[-1])] = new | ({"enabled": True} if "enabled" in has else {})
    return "".join(f"{line}\n" for line in lines(made, 0, Manner())) if made else ""


def _contexts(values: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for name, value in values.items():
        if not isinstance(value, dict | None):
            continue
        if name.lower() in _POD | _CONTAINER:
            yield (*key, name), mapping_in(value)
        elif len(key) < _DEEPEST:
            yield from _contexts(mapping_in(value), (*key, name))


def _for_pod(has: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    user = has.get("runAsUser") or wanted.uid
    return {"runAsNonRoot": True, "runAsUser": user, "seccompProfile": {"type": "RuntimeDefault"}}


def _for_container() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
