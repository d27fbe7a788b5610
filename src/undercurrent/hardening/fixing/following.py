"""Compose services that are built from a Dockerfile: they follow where its ports go, and keep theirs outside."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from posixpath import normpath

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.dockerfile import Dockerfile, Stage, stages, target
from undercurrent.hardening.fixing.nouns import Change
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.servicepatch import move_port
from undercurrent.hardening.ports import is_configured_in, speaks_of
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, set_value

__all__ = ["builds", "built_from", "follow", "followed", "is_target"]


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


def builds(service: Service, dockerfile: Dockerfile, stage: Stage, arguments: Mapping[str, str] | None = None) -> bool:
    """Whether a service is built from a Dockerfile, up to this stage of it.

    Args:
        service: as `built_from` takes it.
        dockerfile: named by its path.
        stage: one of its stages.
        arguments: build arguments that were given.
    """
    if service.build is None or not built_from(service, dockerfile.name):
        return False
    return is_target(stages(dockerfile, arguments or {}), service.build.target, stage)


def is_target(found: Sequence[Stage], name: str, stage: Stage) -> bool:
    """Whether ``name``, or nothing at all, means this stage of those that a file has."""
    try:
        return target(found, name or None).index == stage.index
    except UndercurrentError:
        return False


def followed(service: Service, ports: Iterable[int]) -> frozenset[int]:
    """The ports that it maps, that nothing else of its file speaks of, and no configuration that is mounted may say."""
    if any(mount.kind == "bind" and is_configured_in(mount.target) for mount in service.mounts):
        return frozenset()
    mapped = {mapping.target for mapping in service.ports if not mapping.last}
    return frozenset(port for port in ports if port in mapped and not _spoken_of(service, port))


def _spoken_of(service: Service, port: int) -> bool:
    text = service.document.text + (service.over.text if service.over else "")
    others = rf"\b{re.escape(service.name)}:{port}\b|https?://{re.escape(service.name)}(?=[/\"'\s]|$)"
    if re.search(others, text):
        return True
    kept = {key: value for key, value in service.data.items() if key not in ("ports", "expose", "build")}
    return speaks_of(kept, port)


def follow(service: Service, moved: Mapping[int, int]) -> tuple[dict[str, list[Edit]], list[Change]]:
    """Edits of its files: the container's side of its mappings, and what it exposes to others; and what they do.

    Raises:
        Unsupported: it is written in a way that cannot be changed with certainty.
    """
    edits: dict[str, list[Edit]] = {}
    changes: dict[int, Change] = {}

    def note(document: Document, made: Iterable[Edit], port: int, line: int) -> None:
        edits.setdefault(document.name, []).extend(made)
        text = _("{title} follows: its port {port} becomes {new}")
        what = text.format(title=f"service {service.name}", port=port, new=moved[port])
        changes.setdefault(port, Change("port", what, document.name, line))

    for mapping in service.ports:
        if mapping.target in moved and not mapping.last:
            document, _key = service.place(*mapping.key)
            made = move_port(service, mapping, moved[mapping.target])
            note(document, made, mapping.target, service.line(*mapping.key))
    for index, text in enumerate(service.texts("expose")):
        if text.isdecimal() and int(text) in moved:
            document, key = service.place("expose", index)
            note(document, set_value(document, key, moved[int(text)]), int(text), service.line("expose", index))
    return edits, list(changes.values())
