"""What a patch of manifests is: what is wanted, what was changed, and what could not be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from undercurrent.hardening.numbers import UID
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit
from undercurrent.yamltext import AliasNode, Document, Key, append, find, line_at, plain, set_value

__all__ = ["Change", "Patch", "Unfixed", "Wanted", "extended", "set_all", "taken"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How containers are to run.

    Attributes:
        uid: of those that nothing else gives a user other than root.
        gid: likewise.
        writable: paths that get an empty folder of their own where the root filesystem is made read-only.
        move_ports: ports below 1024 are moved above, with every mention; the program has to listen there. Else they
            stay, and Kubernetes is asked to let anybody use them.
        keep_bind: NET_BIND_SERVICE stays where it was added.
        owned_volumes: what lies in volumes of compose files belongs to ``uid`` already.
        network_policy: a workload that no NetworkPolicy is about gets one.
        user: whom its image, or all images of a pod, run as by themselves, where that is known and not root: nothing
            else has to say it. For a pod it is a number, as Kubernetes can check no name.
        lasting: paths that are known to be written to, and that have to outlive the container.
    """

    uid: int = UID
    gid: int = UID
    writable: tuple[str, ...] = ("/tmp",)
    move_ports: bool = False
    keep_bind: bool = False
    owned_volumes: bool = False
    network_policy: bool = False
    user: str = ""
    lasting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is changed.

    Attributes:
        title: of what: ``Deployment web``, ``service db``.
        line: where, in the file as it is.
        what: as YAML would say it: ``spec.securityContext.runAsNonRoot: true``.
        file: that it is in, where it may be another one than that of what is patched.
    """

    title: str
    line: int
    what: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Unfixed:
    """Something that is left as it is, and why.

    Attributes:
        title: of what.
        line: where.
        check: what asks for it: a check of Kubernetes, or kebab-case.
        reason: one sentence, in the user's language.
    """

    title: str
    line: int
    check: str
    reason: str


@dataclass(frozen=True, slots=True)
class Patch:
    """The edits of one pod or service, and of what mentions it.

    Attributes:
        edits: by the name of the file.
        changes: what they do.
        unfixed: what is left of it.
        mentions: what mentions it, and could not follow; by the name of the file.
    """

    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    mentions: Mapping[str, tuple[Unfixed, ...]] = field(default_factory=dict)


def set_all(document: Document, key: Key, values: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The edits that put several values into the mapping at ``key``, made if it is missing; none without values."""
    return set_value(document, key, values) if values else ()


def extended(document: Document, key: Key, items: Iterable[Any], whole: Iterable[Any] = ()) -> tuple[Edit, ...]:
    """The edits that put items behind those of the list at ``key``.

    Args:
        document: to change.
        key: of the list; one that is missing is made.
        items: to put there.
        whole: what the list has already, where that stands elsewhere: it comes by a merge, or is taken over.
    """
    new, node = list(items), find(document, key)
    if not new:
        return ()
    above = find(document, key[:-1])
    own = getattr(above, "entry", lambda _name: None)(key[-1])
    if own is None or not plain(node, document.name):
        return set_value(document, key, [*whole, *new])
    if isinstance(node, AliasNode):  # others share it: here it is written out
        return set_value(document, key, [*plain(node, document.name), *new])
    return tuple(edit for item in new for edit in append(document, key, item))


def taken(title: str, document: Document, key: Key, check: str, reason: str) -> Unfixed:
    """What is left as it is, at its place."""
    return Unfixed(title, line_at(document, key), check, reason or _("it cannot be changed with certainty"))
