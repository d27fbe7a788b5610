"""Which images run where: services of compose files and what they are built from, pods and how they are reached."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from undercurrent.findings import Finding
from undercurrent.hardening.auditing.dockerfiles import Wanted
from undercurrent.hardening.auditing.ranking import Use
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.composeports import PortMapping
from undercurrent.hardening.manifests.selecting import serves
from undercurrent.hardening.numbers import as_number
from undercurrent.kube import Object, Pod, objects
from undercurrent.yamltext import Document
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = ["Built", "built_by", "reached", "use_of_pod", "use_of_service"]

_OVER_HOST: Final = frozenset({"UC140", "UC149", "UC150", "UC157", "UC158"})
"""Rules whose findings are rights over the host: privileged, its namespaces, folders, processes, the engine."""
_FROM_OUTSIDE: Final = frozenset({"LoadBalancer", "NodePort"})


@dataclass(frozen=True, slots=True)
class Built:
    """An image that a service builds from files that are here.

    Attributes:
        dockerfile: its path, relative to the folder of the compose file.
        context: likewise.
        wanted: the target and the build arguments.
    """

    dockerfile: str
    context: str
    wanted: Wanted


def built_by(service: Service) -> Built | None:
    """What a service builds; None where that comes from an address, or stands in the compose file."""
    build = service.build
    if build is None or build.inline or "://" in build.context or build.context.startswith(("git@", "/")):
        return None
    context = posixpath.normpath(build.context)
    # A build argument whose value comes from the environment has none here.
    arguments = {name: value for name, value in build.arguments.items() if value is not None}
    dockerfile = posixpath.normpath(posixpath.join(context, build.dockerfile))
    return Built(dockerfile, context, Wanted(build.target, arguments))


def use_of_service(service: Service, findings: Iterable[Finding]) -> Use:
    """The service as a place that runs its image; ``findings`` are about it."""
    published = tuple(sorted({_host_port(mapping) for mapping in service.ports if mapping.exposed}))
    return Use(f"{service.document.name}: {service.name}", published, _over_host(findings))


def _host_port(mapping: PortMapping) -> int:
    """The port on the host; of a range, or of one that is chosen when it starts, the container's."""
    published = as_number(mapping.published)
    return mapping.target if published is None else published


def use_of_pod(pod: Pod, services: Iterable[Object], findings: Iterable[Finding]) -> Use:
    """The pod as a place that runs its images.

    Args:
        pod: that.
        services: of `reached`.
        findings: about it.
    """
    ports = {port for service in services if serves(service, pod) for port in _ports(service)}
    return Use(f"{pod.document.name}: {pod.title}", tuple(sorted(ports)), _over_host(findings))


def reached(documents: Iterable[Document]) -> tuple[Object, ...]:
    """The Services in manifests that can be reached from outside of the cluster."""
    return tuple(item for item in objects(documents) if item.kind == "Service" and _is_reached(item))


def _over_host(findings: Iterable[Finding]) -> bool:
    return any(finding.rule.code in _OVER_HOST for finding in findings)


def _is_reached(service: Object) -> bool:
    spec = mapping_in(service.data.get("spec"))
    return text_in(spec.get("type")) in _FROM_OUTSIDE or bool(list_in(spec.get("externalIPs")))


def _ports(service: Object) -> Iterator[int]:
    for port in list_in(mapping_in(service.data.get("spec")).get("ports")):
        number = mapping_in(port).get("port")
        if isinstance(number, int) and not isinstance(number, bool):
            yield number
