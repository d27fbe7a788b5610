"""Compose services that are built from a Dockerfile: they follow where its ports go, and keep theirs outside."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from posixpath import normpath
from typing import Any, Final

from undercurrent.hardening.manifests.compose import Service
from undercurrent.splices import Edit
from undercurrent.yamltext import set_value

__all__ = ["built_from", "follow", "followed"]


_CONFIGURED: Final = ("/etc/", "/usr/local/etc/", "/usr/local/apache2/conf", "/usr/local/nginx")


def built_from(service: Service, dockerfile: str) -> bool:
    """Whether a service is built from a Dockerfile.

    Args:
        service: of a compose file whose document is named by its path.
        dockerfile: path, as that of the compose file is: from the same folder, or absolute.
    """
    build = service.build
    if build is None or build.inline or "://" in build.context:
        return False
    folder = PurePath(service.document.name).parent
    return normpath(str(folder / build.context / build.dockerfile)) == normpath(dockerfile)


def followed(service: Service, ports: Iterable[int]) -> frozenset[int]:
    """The ports that it maps, that nothing else of its file speaks of, and no configuration that is mounted may say."""
    if any(mount.kind == "bind" and mount.target.startswith(_CONFIGURED) for mount in service.mounts):
        return frozenset()
    mapped = {mapping.target for mapping in service.ports if not mapping.last}
    return frozenset(port for port in ports if port in mapped and not _spoken_of(service, port))


def _spoken_of(service: Service, port: int) -> bool:
    text = service.document.text
    others = rf"\b{re.escape(service.name)}:{port}\b|https?://{re.escape(service.name)}(?=[/\"'\s]|$)"
    if re.search(others, text):
        return True
    kept = {key: value for key, value in service.data.items() if key not in ("ports", "expose", "build")}
    return any(re.search(rf"(?<![\w.]){port}(?![\w.])", one) for one in _texts(kept))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def follow(service: Service, moved: Mapping[int, int]) -> list[Edit]:
    """Edits of its file: the container's side of its mappings, and what it exposes to others."""
    edits: list[Edit] = []
    for mapping in service.ports:
        if mapping.target in moved and not mapping.last:
            key = service.at(*mapping.value_key())
            edits += set_value(service.document, key, mapping.moved(moved[mapping.target]))
    for index, text in enumerate(service.texts("expose")):
        if text.isdecimal() and int(text) in moved:
            edits += set_value(service.document, service.at("expose", index), moved[int(text)])
    return edits
