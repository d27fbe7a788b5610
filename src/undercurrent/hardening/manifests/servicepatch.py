"""Compose services without root, capabilities and a writable root filesystem; or the reasons why that cannot be."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.manifests.composeports import PortMapping
from undercurrent.hardening.manifests.patching import (
    Change,
    Patch,
    Unfixed,
    Wanted,
    extended,
    set_all,
)
from undercurrent.hardening.manifests.servicechecks import (
    ServiceViolation,
    keeps_data,
    service_violations,
)
from undercurrent.hardening.numbers import is_root
from undercurrent.hardening.ports import FIRST_FREE, free_ports
from undercurrent.hardening.runside import tmpfs_owner
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, ScalarNode, find, line_at, plain, remove, set_value
from undercurrent.yamltext.shapes import list_in, text_in

__all__ = ["move_port", "patch_service"]

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "privileged": N_("it is privileged: it can do all that root of the host can"),
        "capabilities-added": N_("it adds the capability {value}, which it may need"),
        "host-namespaces": N_("it shares a namespace of the host ({value})"),
        "engine-socket": N_("{value} is in it: who has that is root of the host"),
        "host-path": N_("the host's {value} is in it"),
        "devices": N_("it uses a device of the host: {value}"),
        "seccomp": N_("seccomp is switched off for it; whoever did so has a reason"),
        "apparmor": N_("AppArmor is switched off for it; whoever did so has a reason"),
        "selinux": N_("SELinux is switched off for it; whoever did so has a reason"),
        "sysctls": N_("it changes the kernel setting {value}, which is not for it alone"),
    }
)


def patch_service(service: Service, wanted: Wanted) -> Patch:
    """The edits that let a service run without root; none where something stands in the way, which is told.

    Args:
        service: to change.
        wanted: how it is to run.

    Raises:
        Unsupported: it is written in a way that cannot be changed with certainty.
    """
    unfixed = tuple(_unfixed(service, wanted))
    if unfixed:
        return Patch(unfixed=unfixed)
    edits: dict[str, list[Edit]] = {}
    changes: list[Change] = []

    def note(document: Document, made: Iterable[Edit], line: int, what: str) -> None:
        edits.setdefault(document.name, []).extend(made)
        changes.append(Change(_title(service), line, what, document.name))

    for name, value in _values(service, wanted):
        document, _key = service.place(name)
        note(document, set_all(document, service.key, {name: value}), service.line(name), f"{name}: {_shown(value)}")
    for name, items in _lists(service, wanted):
        document, key = service.place(name)
        whole = service.texts(name)[: service.joined.get(name)]
        note(document, extended(document, key, items, whole), service.line(name), f"{name}: {', '.join(items)}")
    if not wanted.keep_bind:
        for document, line, added in _added(service):
            note(document, remove(document, service.at("cap_add")), line, f"cap_add: {', '.join(added)} → –")
    if wanted.move_ports:
        for mapping, port in _moves(service):
            document, _key = service.place(*mapping.key)
            what = f"ports: {mapping.target} → {port}"
            note(document, move_port(service, mapping, port), service.line(*mapping.key), what)
    return Patch({name: tuple(made) for name, made in edits.items() if made}, tuple(changes))


def _added(service: Service) -> Iterator[tuple[Document, int, list[str]]]:
    """Where capabilities are added: in its file, and in the one that is laid over it."""
    for document in dict.fromkeys((service.document, service.over or service.document)):
        node = find(document, service.at("cap_add"))
        if added := [text_in(item) for item in list_in(plain(node))]:
            yield document, line_at(document, service.at("cap_add")), added


def move_port(service: Service, mapping: PortMapping, target: int) -> tuple[Edit, ...]:
    """The edits that lead a published port to another port of the container; variables in it stay.

    Raises:
        Unsupported: it stands behind an alias, or is a range.
    """
    document, key = service.place(*mapping.value_key())
    node = find(document, key)
    if isinstance(node, ScalarNode) and not mapping.long:
        before, colon, last = node.value.rpartition(":")
        number, slash, protocol = last.partition("/")
        if colon and number == str(mapping.target):
            return set_value(document, key, f"{before}:{target}{slash}{protocol}")
    return set_value(document, key, mapping.moved(target))


def _title(service: Service) -> str:
    return f"service {service.name}"


def _unfixed(service: Service, wanted: Wanted) -> Iterator[Unfixed]:
    for found in service_violations(service):
        if found.check in _REASONS:
            yield _told(service, found, _(_REASONS[found.check]).format(value=found.value))
    for path in wanted.lasting:
        if service.data.get("read_only") is not True and not _is_mounted(service, path) and path not in wanted.writable:
            text = _("it writes to {path}, which has to outlive it: give it a volume there, or say --writable {path}")
            yield Unfixed(_title(service), service.line(), "read-only", text.format(path=path))
    if is_root(_user(service, wanted)) and keeps_data(service) and not wanted.owned_volumes:
        mount = next(mount for mount in service.mounts if not mount.read_only and mount.kind in ("volume", "bind"))
        text = _("the files in {path} may belong to root; give them to user {uid}, then say --owned-volumes")
        reason = text.format(path=mount.target, uid=wanted.uid)
        yield Unfixed(_title(service), service.line(*mount.key), "user", reason)
    for doubt in service.doubts:
        reason = _("it extends {name}, which could not be read").format(name=doubt)
        yield Unfixed(_title(service), service.line("extends"), "extends", reason)


def _user(service: Service, wanted: Wanted) -> str:
    return service.user or wanted.user


def _is_mounted(service: Service, path: str) -> bool:
    return any(PurePosixPath(path).is_relative_to(mount.target) for mount in service.mounts)


def _told(service: Service, found: ServiceViolation, reason: str) -> Unfixed:
    return Unfixed(_title(service), service.line(*found.key), found.check, reason)


def _values(service: Service, wanted: Wanted) -> Iterator[tuple[str, Any]]:
    if is_root(_user(service, wanted)):
        yield "user", f"{wanted.uid}:{wanted.gid}"
    if service.data.get("read_only") is not True:
        yield "read_only", True


def _lists(service: Service, wanted: Wanted) -> Iterator[tuple[str, list[str]]]:
    checks = {found.check for found in service_violations(service)}
    if "capabilities-dropped" in checks:
        yield "cap_drop", ["ALL"]
    if "no-new-privileges" in checks:
        yield "security_opt", ["no-new-privileges:true"]
    if "read-only" in checks:
        mounted = {mount.target.rstrip("/") for mount in service.mounts}
        mounted |= {text.partition(":")[0].rstrip("/") for text in service.texts("tmpfs")}
        own = _user(service, wanted)
        user = f"{wanted.uid}:{wanted.gid}" if is_root(own) else own
        paths = [_tmpfs(path, user) for path in wanted.writable if path not in mounted]
        if paths:
            yield "tmpfs", paths


def _tmpfs(path: str, user: str) -> str:
    owner = tmpfs_owner(path, user)
    return f"{path}:{','.join(('mode=1777', *owner))}" if owner else path


def _moves(service: Service) -> Iterator[tuple[PortMapping, int]]:
    low = [mapping for mapping in service.ports if mapping.target < FIRST_FREE and not mapping.last]
    places = free_ports((mapping.target for mapping in low), (mapping.target for mapping in service.ports))
    yield from ((mapping, places[mapping.target]) for mapping in low)


def _shown(value: Any) -> str:
    return "true" if value is True else str(value)
