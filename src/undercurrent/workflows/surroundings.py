"""What goes with Dockerfiles: compose files that publish their ports, manifests and charts that run their images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from undercurrent import yamltext
from undercurrent.errors import UndercurrentError
from undercurrent.fleet import Failed
from undercurrent.hardening.fixing import Unfixed
from undercurrent.hardening.fixing.running import Cluster, ImageName, repository, usual_name
from undercurrent.hardening.manifests.compose import Service, services
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.kube import objects, pods
from undercurrent.splices import as_text
from undercurrent.workflows.discovering import FileKind, FoundFile
from undercurrent.workflows.reading import read_bounded
from undercurrent.yamltext import Document, Key, line_at, plain

__all__ = ["Surroundings", "chart_mentions", "look_around"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is beside the Dockerfiles of a run.

    Attributes:
        services: of compose files.
        cluster: of manifests.
        charts: of Helm; their templates become YAML only when they are rendered.
        called: Dockerfiles by what their images are probably called.
        unread: compose files and manifests that could not be read.
    """

    services: tuple[Service, ...] = ()
    cluster: Cluster = field(default_factory=Cluster)
    charts: tuple[FoundFile, ...] = ()
    called: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[Failed, ...] = ()


def look_around(found: Sequence[FoundFile], read: Callable[[FoundFile], str]) -> Surroundings:
    """Reads them.

    Args:
        found: all files of a run.
        read: gives the text of one, or raises `UndercurrentError`.
    """
    documents: dict[FileKind, list[Document]] = {FileKind.COMPOSE: [], FileKind.KUBERNETES: []}
    called: dict[str, tuple[str, ...]] = {}
    unread: list[Failed] = []
    for one in found:
        if one.kind is FileKind.DOCKERFILE:
            usual = usual_name(one.path)
            called[usual] = (*called.get(usual, ()), one.name)
        if one.kind in documents:
            try:
                documents[one.kind] += yamltext.parse(read(one), one.name)
            except UndercurrentError as error:
                unread.append(Failed(one.name, error))
    manifests = documents[FileKind.KUBERNETES]
    return Surroundings(
        services(documents[FileKind.COMPOSE]),
        Cluster(pods(manifests), tuple(objects(manifests))),
        tuple(one for one in found if one.kind is FileKind.HELM),
        called,
        tuple(unread),
    )


def chart_mentions(charts: Sequence[FoundFile], name: ImageName, moved: Mapping[int, int]) -> tuple[Unfixed, ...]:
    """Charts whose values name an image whose ports move: nobody here changes templates.

    Args:
        charts: found.
        name: of the image.
        moved: ports, from where to where.
    """
    return tuple(told for chart in charts if moved for told in _chart_mention(chart, name, moved))


def _chart_mention(chart: FoundFile, name: ImageName, moved: Mapping[int, int]) -> Iterator[Unfixed]:
    values = chart.path.with_name("values.yaml")
    called = str(Path(chart.name).with_name("values.yaml"))
    if not values.is_file() or not values.resolve().is_relative_to(chart.top.resolve()):
        return
    try:
        documents = yamltext.parse(as_text(read_bounded(values, called)), called)
    except UndercurrentError as error:
        yield Unfixed("port", error.message, called, 1)
        return
    for document in documents:
        for key, image in _images(plain(document.root, called), ()):
            if repository(image) in name.said or (name.guessed and image.rpartition("/")[2].lower() == name.guessed):
                text = _("the chart runs {image}: its templates are not changed, and have to say {ports}")
                ports = listed([_("{new} instead of {port}").format(new=new, port=port) for port, new in moved.items()])
                yield Unfixed("port", text.format(image=image, ports=ports), called, line_at(document, key))


def _images(values: object, key: Key) -> Iterator[tuple[Key, str]]:
    """What charts call ``image`` or ``repository``, without a tag."""
    if isinstance(values, dict):
        for step, value in values.items():
            if step in ("image", "repository") and isinstance(value, str):
                yield (*key, step), repository(value)
            else:
                yield from _images(value, (*key, step))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _images(value, (*key, index))
