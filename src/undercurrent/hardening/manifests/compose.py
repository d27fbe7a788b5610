"""Compose files: their services, with what they take from one another and from variables."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.manifests.composeports import PortMapping, port_mappings
from undercurrent.yamltext import Document, Key, find, line_at, parse, plain
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = ["Build", "Read", "Service", "VolumeMount", "interpolated", "is_compose", "overlaid", "services"]

Read = Callable[[str], str | None]
"""Gives the text of a file that a compose file names, relative to it; None for one that may not or cannot be read."""

_DEEPEST: Final = 10
_VARIABLE: Final = re.compile(
    r"\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}$]{0,1000}))?\})"
)
# What a service has of its own comes behind what it takes over, or in its place.
_JOINED: Final = frozenset(
    "ports expose cap_add cap_drop security_opt tmpfs dns volumes devices external_links secrets configs".split()  # noqa: SIM905
)
_BASES: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES: Final = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What compose looks for where it is given no file, the first that is there:
https://github.com/compose-spec/compose-go/blob/main/cli/options.go"""
_TAKEN_BACK: Final = re.compile(r"!(?:reset|override)\b")
_NOT_TAKEN: Final = frozenset({"depends_on", "links", "volumes_from"})


@dataclass(frozen=True, slots=True)
class Build:
    """How a service's image is built.

    Attributes:
        context: the folder, as it is written, relative to the compose file; may be an address.
        dockerfile: the file, relative to the context.
        target: the stage, or empty.
        arguments: build arguments; None for those that come from the environment.
        inline: the Dockerfile stands in the compose file.
    """

    context: str
    dockerfile: str = "Dockerfile"
    target: str = ""
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    inline: bool = False


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """Something that is mounted in a service.

    Attributes:
        source: a volume's name, a path of the host, or empty for one without a name.
        target: where in the container.
        kind: ``volume``, ``bind``, ``tmpfs`` …
        read_only: it cannot be written to.
        key: where, below the service.
    """

    source: str
    target: str
    kind: str
    read_only: bool
    key: Key


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a compose file.

    Attributes:
        document: that it is written in.
        name: of it.
        data: all of it as plain values, with what it takes over, variables put in where their values are known.
        doubts: what it takes over from somewhere that could not be read: a file, or a service that is nowhere.
        over: the file that compose lays over ``document``, where it says something of this service.
        joined: of its lists, how many items come before those of ``over``.
    """

    document: Document
    name: str
    data: Mapping[str, Any]
    doubts: tuple[str, ...] = ()
    over: Document | None = None
    joined: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Where it is, in the document."""
        return ("services", self.name)

    def at(self, *steps: str | int) -> Key:
        """Where something of it is, in the document."""
        return (*self.key, *steps)

    def place(self, *steps: str | int) -> tuple[Document, Key]:
        """The file in which something of it stands, or has to stand in order to count, and where in it."""
        if self.over is None or not steps or find(self.over, self.at(steps[0])) is None:
            return self.document, self.at(*steps)
        first, *rest = steps
        before = self.joined.get(str(first))
        if before is None:
            return self.over, self.at(*steps)
        if rest and isinstance(rest[0], int) and rest[0] >= before:
            return self.over, self.at(first, rest[0] - before, *rest[1:])
        return self.document, self.at(*steps)

    def line(self, *steps: str | int) -> int:
        """The line of something of it, in the file of `place`; where that is not written, of what it would stand in."""
        return line_at(*self.place(*steps))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts: of its own, or taken over; one text is a list of one."""
        found = self.data.get(name)
        listed = found if isinstance(found, list) else [] if found is None else [found]
        return tuple(text_in(item) for item in listed if not isinstance(item, dict | list))

    @property
    def image(self) -> str:
        """That it runs, or that its build is called."""
        return text_in(self.data.get("image"))

    @property
    def user(self) -> str:
        """As compose gives it to the engine; empty where the image decides."""
        return text_in(self.data.get("user"))

    @property
    def build(self) -> Build | None:
        """How its image is built, if it is."""
        return _build(self.data.get("build"))

    @property
    def ports(self) -> tuple[PortMapping, ...]:
        """Ports that others reach it by."""
        return port_mappings(self.data.get("ports"))

    @property
    def mounts(self) -> tuple[VolumeMount, ...]:
        """What is mounted in it."""
        listed = self.data.get("volumes")
        found = (_mount(item, ("volumes", number)) for number, item in enumerate(list_in(listed)))
        return tuple(mount for mount in found if mount is not None)

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Variables that it sets; None for those that come from whoever starts it."""
        return _pairs(self.data.get("environment"))


def is_compose(document: Document) -> bool:
    """Whether it is a compose file: it has services, and is no object of Kubernetes."""
    root = plain(document.root)
    return isinstance(root, dict) and isinstance(root.get("services"), dict) and "kind" not in root


def services(
    documents: Iterable[Document], *, read: Read | None = None, variables: Mapping[str, str] | None = None
) -> tuple[Service, ...]:
    """The services of compose files, those that they include too.

    A file that compose lays over another one of ``documents`` by itself, ``compose.override.yaml``, counts as part of
    that: https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/

    Args:
        documents: of compose files; others are passed over.
        read: gives the files that they name; none is read without it.
        variables: for ``${NAME}``; what has no value and no default stays as it is written.
    """
    every = tuple(documents)
    over = dict(overlaid(every))
    project = _Project(read or (lambda _name: None), variables or {}, {base: every[at] for base, at in over.items()})
    laid = {every[at].name for at in over.values()}
    return tuple(
        service for document in every if document.name not in laid for service in project.services(document, 0)
    )


def overlaid(documents: Sequence[Document]) -> Iterator[tuple[str, int]]:
    """The names of files that others of ``documents`` are laid over, each with the place of that other one.

    One that takes something back (``!reset``, ``!override``) is left as a file of its own.
    """
    folders: dict[PurePosixPath, dict[str, int]] = {}
    for at, document in enumerate(documents):
        path = PurePosixPath(document.name)
        if is_compose(document):
            folders.setdefault(path.parent, {}).setdefault(path.name, at)
    for names in folders.values():
        base = next((names[name] for name in _BASES if name in names), None)
        over = next((names[name] for name in _OVERRIDES if name in names), None)
        if base is not None and over is not None and not _TAKEN_BACK.search(documents[over].text):
            yield documents[base].name, over


@dataclass(frozen=True, slots=True)
class _Project:
    read: Read
    variables: Mapping[str, str]
    over: Mapping[str, Document] = field(default_factory=dict)

    def services(self, document: Document, depth: int) -> Iterator[Service]:
        if not is_compose(document):
            return
        root = _put_in(plain(document.root), self.variables)
        over = self.over.get(document.name)
        above = _put_in(plain(over.root), self.variables) if over else {"services": {}}
        for name, data in root["services"].items():
            if isinstance(data, dict):
                merged, doubts = self._extended(root, str(name), "", ())
                base = Service(document, str(name), merged, doubts)
                yield self._laid_over(base, over, above) if over else base
        for name, data in above["services"].items():
            if over and isinstance(data, dict) and not isinstance(root["services"].get(name), dict):
                merged, doubts = self._extended(above, str(name), "", ())
                yield Service(over, str(name), merged, doubts)
        for path in _included(root):
            yield from self._include(document, path, depth)

    def _laid_over(self, base: Service, over: Document, above: Mapping[str, Any]) -> Service:
        if not isinstance(above["services"].get(base.name), dict):
            return base
        data, doubts = self._extended(above, base.name, "", ())
        joined = {
            name: len(before)
            for name in _JOINED
            if isinstance(before := base.data.get(name), list) and isinstance(data.get(name), list)
        }
        merged = _merged(_comparable(base.data), _comparable(data))
        merged |= {name: [*base.data[name], *data[name]] for name in joined}
        return Service(base.document, base.name, merged, (*base.doubts, *doubts), over, joined)

    def _include(self, document: Document, path: str, depth: int) -> Iterator[Service]:
        text = self.read(path) if depth < _DEEPEST else None
        if text is None:
            return
        try:
            found = parse(text, str(PurePosixPath(document.name).parent / path))
        except UndercurrentError:
            return
        for other in found:
            yield from self.services(other, depth + 1)

    def _extended(
        self, root: Mapping[str, Any], name: str, file: str, seen: tuple[tuple[str, str], ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        own = mapping_in(mapping_in(root.get("services")).get(name))
        wanted = own.get("extends")
        if wanted is None:
            return dict(own), ()
        said = wanted if isinstance(wanted, dict) else {"service": wanted}
        base, other = text_in(said.get("service")), text_in(said.get("file")) or file
        where = f"{other}: {base}" if other else base
        if (other, base) in seen or (other, base) == (file, name) or len(seen) >= _DEEPEST:
            return dict(own), (where,)
        from_root = root if other == file else self._file(other)
        if base not in mapping_in(mapping_in(from_root).get("services")):
            return dict(own), (where,)
        inherited, doubts = self._extended(mapping_in(from_root), base, other, (*seen, (file, name)))
        return _merged(inherited, own), doubts

    def _file(self, path: str) -> Mapping[str, Any] | None:
        text = self.read(path)
        try:
            documents = parse(text, path) if text is not None else ()
            return mapping_in(_put_in(plain(documents[0].root), self.variables)) if documents else None
        except UndercurrentError:
            return None


def _comparable(data: Mapping[str, Any]) -> dict[str, Any]:
    """A service whose environment and build are mappings, so that others can be laid over them one by one."""
    found = dict(data)
    if isinstance(found.get("environment"), list):
        found["environment"] = dict(_pairs(found["environment"]))
    if isinstance(found.get("build"), str):
        found["build"] = {"context": found["build"]}
    return found


def _merged(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = {name: value for name, value in inherited.items() if name not in _NOT_TAKEN}
    for name, value in own.items():
        before = merged.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[name] = {**before, **value}
        elif name in _JOINED and isinstance(before, list) and isinstance(value, list):
            # Its own come first: their places are those that a finding points at.
            merged[name] = [*value, *(item for item in before if item not in value)]
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Text with its variables put in, by compose's rules; what has no value and no default stays as it is written."""

    def value(found: re.Match[str]) -> str:
        name, how, other = found[1] or found[2], found[3] or "", found[4] or ""
        if name is None:
            return "$"
        has = name in variables and (variables[name] != "" or not how.startswith(":"))
        if how.endswith("+"):
            return other if has else ""
        if has:
            return variables[name]
        return other if how.endswith("-") else found[0]

    return _VARIABLE.sub(value, text)


def _put_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolated(value, variables) if "$" in value else value
    if isinstance(value, dict):
        return {name: _put_in(inner, variables) for name, inner in value.items()}
    return [_put_in(inner, variables) for inner in value] if isinstance(value, list) else value


def _included(root: Mapping[str, Any]) -> Iterator[str]:
    for item in list_in(root.get("include")):
        said = item.get("path") if isinstance(item, dict) else item
        yield from (text_in(path) for path in (said if isinstance(said, list) else [said]) if path)


def _build(said: Any) -> Build | None:
    if isinstance(said, str):
        return Build(said)
    if not isinstance(said, dict):
        return None
    return Build(
        text_in(said.get("context")) or ".",
        text_in(said.get("dockerfile")) or "Dockerfile",
        text_in(said.get("target")),
        _pairs(said.get("args")),
        inline=bool(said.get("dockerfile_inline")),
    )


def _mount(item: Any, key: Key) -> VolumeMount | None:
    if isinstance(item, dict):
        kind, source = text_in(item.get("type")) or "volume", text_in(item.get("source"))
        return VolumeMount(source, text_in(item.get("target")), kind, item.get("read_only") is True, key)
    if not isinstance(item, str) or not item:
        return None
    source, colon, rest = item.partition(":")
    if not colon:
        return VolumeMount("", source, "volume", read_only=False, key=key)
    target, _colon, options = rest.partition(":")
    kind = "bind" if source.startswith((".", "/", "~", "$")) else "volume"
    return VolumeMount(source, target, kind, "ro" in options.split(","), key)


def _pairs(said: Any) -> Mapping[str, str | None]:
    if isinstance(said, dict):
        return {name: None if value is None else text_in(value) for name, value in said.items()}
    found = (str(item).partition("=") for item in list_in(said))
    return {name: value if equals else None for name, equals, value in found}
