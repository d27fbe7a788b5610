"""Says each thing once.

What a compose file repeats of a Dockerfile that it builds stands at the Dockerfile alone; what is built of a
kustomization and stands in one of its files, at that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from undercurrent.findings import Finding, Fix
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["low_mappings", "not_said", "said_once", "still_so", "with_mappings"]

_LISTENS_LOW: Final = "UC108"
_MAPS_LOW: Final = "UC162"
_WHOEVER_THE_IMAGE_SAYS: Final = "UC146"


def said_once(findings: Iterable[Finding], built: Mapping[str, Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of a compose file without those that are said at the Dockerfiles.

    Who runs is told by the audit of the image, so that nobody has to be told that the image decides. A port below 1024
    has to be changed in the image, and at the mapping together with that.

    Args:
        findings: of the compose file.
        built: what was found in the image that a service builds, by ``compose.yaml: service``.
    """
    return tuple(one for one in findings if (of := built.get(_service(one))) is None or not _repeats(one, of))


def low_mappings(findings: Iterable[Finding]) -> Mapping[str, Sequence[Finding]]:
    """What was found about mappings to ports below 1024, by ``compose.yaml: service``; others have none."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.rule.code == _MAPS_LOW:
            found[_service(one)].append(one)
    return found


def with_mappings(findings: Iterable[Finding], mappings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a Dockerfile, those of low ports with the mappings that have to change together with the port.

    Args:
        findings: of the Dockerfile.
        mappings: of the services that it builds (`low_mappings`).
    """
    return tuple(_mapped(one, mappings) if one.rule.code == _LISTENS_LOW else one for one in findings)


def not_said(rendered: Iterable[Finding], resources: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in what was rendered, without those that are said at the resources that it is made of."""
    names = _names(resources)
    return tuple(one for one in rendered if not any(name in _object(one)[1] for name in names[_about(one)]))


def still_so(resource: Iterable[Finding], rendered: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in a resource that are also in what was rendered of it, and those that are about no object."""
    names = _names(rendered)
    return tuple(
        one
        for one in resource
        if not _fact(one, "title") or any(_object(one)[1] in name for name in names[_about(one)])
    )


def _names(findings: Iterable[Finding]) -> defaultdict[tuple[str, ...], set[str]]:
    """The names of objects, by what is found in them."""
    found: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in findings:
        found[_about(one)].add(_object(one)[1])
    return found


def _about(finding: Finding) -> tuple[str, ...]:
    """What was found in which container of which kind of object: an object may get another name, with the old in it."""
    return (finding.rule.code, _object(finding)[0], *(_fact(finding, name) for name in ("name", "value", "field")))


def _object(finding: Finding) -> tuple[str, str]:
    kind, _space, name = _fact(finding, "title").partition(" ")
    return kind, name


def _mapped(finding: Finding, mappings: Iterable[Finding]) -> Finding:
    port = _fact(finding, "port")
    places = list(
        dict.fromkeys(f"{one.place.name}:{one.place.line}" for one in mappings if _fact(one, "value") == port)
    )
    if finding.fix is None or not places:
        return finding
    text = _("{fix}: {places}").format(fix=finding.fix.description, places=listed(places))
    facts = {**(finding.properties or {}), "mappings": places}
    return replace(finding, fix=Fix(text, finding.fix.safe), properties=facts)


def _repeats(finding: Finding, of_image: Iterable[Finding]) -> bool:
    if finding.rule.code == _MAPS_LOW:
        return _fact(finding, "value") in set(_low_ports(of_image))
    return finding.rule.code == _WHOEVER_THE_IMAGE_SAYS


def _low_ports(findings: Iterable[Finding]) -> Iterator[str]:
    return (_fact(one, "port") for one in findings if one.rule.code == _LISTENS_LOW)


def _service(finding: Finding) -> str:
    return f"{finding.place.name}: {_fact(finding, 'name')}"


def _fact(finding: Finding, name: str) -> str:
    return str((finding.properties or {}).get(name, ""))
