"""Workloads of Kubernetes that run what a Dockerfile builds: they follow where its ports go, and keep theirs outside.

Nothing in a manifest says from which file an image is built. Compose and skaffold files do; where there are none, the
last part of an image's name is compared with the folder's, and that is called a guess.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from posixpath import normpath
from typing import Final, TypeAlias

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.fixing.nouns import Change, Unfixed
from undercurrent.hardening.manifests.patching import Unfixed as Left
from undercurrent.hardening.manifests.podports import declared_ports, moved_ports, obstacles, staying
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.kube import Container, Object, Pod
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, Key
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = [
    "Cluster",
    "Followed",
    "ImageName",
    "Runner",
    "follow_pods",
    "repository",
    "runners",
    "skaffold_names",
    "usual_name",
]

_Which: TypeAlias = tuple[str, int, Key]
_PLAIN: Final = frozenset({"dockerfile", "containerfile"})


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the manifests at hand describe."""

    pods: tuple[Pod, ...] = ()
    objects: tuple[Object, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageName:
    """What the image of a Dockerfile is called where it is run.

    Attributes:
        said: by the files that have it built, without tags.
        guessed: the last part that it probably has; empty if there is no telling.
        bases: images that it is built on: one of these is not it.
        rivals: other Dockerfiles whose image is probably called the same.
    """

    said: frozenset[str] = frozenset()
    guessed: str = ""
    bases: frozenset[str] = frozenset()
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runner:
    """A container that runs the image.

    Attributes:
        pod: that it is in.
        container: that runs it.
        guess: why that is only probable; empty if it is said.
        doubt: why that is not even probable enough to change anything.
    """

    pod: Pod
    container: Container
    guess: str = ""
    doubt: str = ""

    @property
    def which(self) -> _Which:
        """Tells its pod from others."""
        return _which(self.pod)


@dataclass(frozen=True, slots=True)
class Followed:
    """What manifests do about ports that move.

    Attributes:
        edits: by the name of the file.
        changes: what they do.
        unfixed: what should follow and does not.
        ports: that manifests speak of.
    """

    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    ports: frozenset[int] = frozenset()


def repository(image: str) -> str:
    """The name of an image without its tag and digest, and without what Docker puts before the names of its Hub."""
    name = re.sub(r":[^/]*$", "", image.partition("@")[0])
    return re.sub(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?", "", name)


def usual_name(dockerfile: PurePath) -> str:
    """What its image is probably called: as its folder, or as what the file is called besides ``Dockerfile``."""
    parts = [part for part in dockerfile.name.lower().split(".") if part not in _PLAIN]
    return ".".join(parts) if parts else dockerfile.parent.name.lower()


def skaffold_names(objects: Iterable[Object], dockerfile: str) -> Iterator[str]:
    """The names that skaffold gives to what a Dockerfile builds last; that file is named as its documents are.

    Reference: https://skaffold.dev/docs/references/yaml/
    """
    for one in objects:
        if one.kind != "Config" or not text_in(one.data.get("apiVersion")).startswith("skaffold/"):
            continue
        folder = PurePath(one.document.name).parent
        for artifact in map(mapping_in, list_in(mapping_in(one.data.get("build")).get("artifacts"))):
            context = text_in(artifact.get("context")) or "."
            docker = mapping_in(artifact.get("docker"))
            file = text_in(docker.get("dockerfile")) or "Dockerfile"
            if not docker.get("target") and normpath(str(folder / context / file)) == normpath(dockerfile):
                yield repository(text_in(artifact.get("image")))


def runners(pods: Sequence[Pod], name: ImageName) -> tuple[Runner, ...]:
    """The containers that run an image, and those of patches that are laid over them."""
    found = [one for pod in pods for container in pod.containers if (one := _runner(pod, container, name))]
    known = {(one.pod.owner.kind, one.pod.owner.name, one.container.name): one for one in found}
    for pod in pods:
        for container in pod.containers:
            over = known.get((pod.owner.kind, pod.owner.name, container.name))
            if over and not container.image and pod.owner.namespace in ("", over.pod.owner.namespace):
                found.append(Runner(pod, container, over.guess, over.doubt))
    return tuple(found)


def _runner(pod: Pod, container: Container, name: ImageName) -> Runner | None:
    image = repository(container.image)
    if image in name.said:
        return Runner(pod, container)
    if not name.guessed or image.rpartition("/")[2].lower() != name.guessed or image in name.bases:
        return None
    if name.rivals:
        text = _("{image} may be built from {paths} as well")
        return Runner(pod, container, doubt=text.format(image=container.image, paths=listed(name.rivals)))
    text = _("{title} is taken to run this image because of its name, {image}")
    return Runner(pod, container, guess=text.format(title=pod.title, image=container.image))


def follow_pods(found: Sequence[Runner], moved: Mapping[int, int], cluster: Cluster) -> Followed:
    """What manifests do when ports of an image move.

    Args:
        found: the containers that run it.
        moved: ports, from where to where.
        cluster: all that is at hand: Services and policies are about those pods, ConfigMaps are mounted in them.
    """
    edits: dict[str, dict[Edit, None]] = {}
    changes: list[Change] = []
    left: list[Unfixed] = []
    spoken: set[int] = set()
    stopped = {one.pod.title: set[int]() for one in found}
    for one in found:
        stopped[one.pod.title] |= {port for port, new in moved.items() if any(_stopped(one, port, new, cluster))}
    going: dict[_Which, dict[int, int]] = {one.which: {} for one in found}
    for one in found:
        going[one.which] |= {
            port: new for port, new in moved.items() if port not in stopped[one.pod.title] and _is_its_own(one, port)
        }
    keeping = [pod for pod in cluster.pods if not going.get(_which(pod))]
    for one in found:
        moves = going[one.which]
        meant = _meant(one, moved, cluster)
        spoken |= meant.keys()
        left += _left(one, {port: new for port, new in moved.items() if port not in moves}, meant, cluster)
        try:
            made = list(moved_ports(one.pod, moves, cluster.objects, keeping))
        except UndercurrentError as error:
            left.append(Unfixed("form", error.message, one.pod.document.name, one.pod.line(*one.container.key)))
            continue
        for document, edit, _change in made:
            edits.setdefault(document.name, {})[edit] = None
        changes += _changes(one, {port: new for port, new in moves.items() if port in meant}, meant)
        left += [_unfixed(document, why) for document, why in staying(one.pod, moves, cluster.objects, keeping)]
    return Followed(
        {name: tuple(some) for name, some in edits.items()},
        tuple(dict.fromkeys(changes)),
        tuple(dict.fromkeys(left)),
        frozenset(spoken),
    )


def _stopped(one: Runner, port: int, new: int, cluster: Cluster) -> Iterator[Left]:
    """What stands in the way of a port, wherever it is spoken of."""
    if not one.doubt:
        yield from obstacles(one.pod, one.container, port, new, cluster.objects)


def _is_its_own(one: Runner, port: int) -> bool:
    """Whether what the pod says of a port is about this container: it declares it, or there is no other one."""
    alone = [other for other in one.pod.containers if other.role == "main"] == [one.container]
    return not one.doubt and (alone or not one.container.image or port in declared_ports(one.container))


def _meant(one: Runner, moved: Mapping[int, int], cluster: Cluster) -> dict[int, tuple[Document, int]]:
    """The ports of its pod that anything speaks of, and where first."""
    found: dict[int, tuple[Document, int]] = {}
    for port, new in moved.items():
        try:
            for document, _edit, change in moved_ports(one.pod, {port: new}, cluster.objects):
                found.setdefault(port, (document, change.line))
        except UndercurrentError:
            found[port] = one.pod.document, one.pod.line(*one.container.key)
    return found


def _left(
    one: Runner, moved: Mapping[int, int], meant: Mapping[int, tuple[Document, int]], cluster: Cluster
) -> Iterator[Unfixed]:
    """Why ports that are spoken of do not move."""
    for port, new in moved.items():
        why = list(_stopped(one, port, new, cluster))
        yield from (_unfixed(one.pod.document, reason) for reason in why)
        if port in meant and not why:
            document, line = meant[port]
            several = _("port {port} stays: no container declares it (containerPort), and there are several")
            reason = one.doubt or several.format(port=port)
            yield _unfixed(document, Left(one.pod.title, line, "port", reason))


def _changes(one: Runner, moves: Mapping[int, int], meant: Mapping[int, tuple[Document, int]]) -> Iterator[Change]:
    for port, new in moves.items():
        document, line = meant[port]
        text = _("{title} follows: its port {port} becomes {new}")
        what = text.format(title=one.pod.title, port=port, new=new)
        yield Change("port", what, document.name, line, not one.guess, one.guess)


def _unfixed(document: Document, why: Left) -> Unfixed:
    text = _("{title}: {reason}")
    return Unfixed("port", text.format(title=why.title, reason=why.reason), document.name, why.line)


def _which(pod: Pod) -> _Which:
    return pod.document.name, pod.document.number, pod.key
