"""Copies one image from any place to a layout or a registry, and records that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undercurrent.errors import Unsupported, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.copying import Hosted, copy
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.store import Store
from undercurrent.oci.stores import Stores, has_transport
from undercurrent.progress import Advanced, Event, Observer
from undercurrent.settings import Settings
from undercurrent.workflows.destinations import Destination, destination
from undercurrent.workflows.estate import Lost, Places, locate_all
from undercurrent.workflows.recording import recording

__all__ = ["Copied", "copy_image"]


@dataclass(frozen=True, slots=True)
class Copied:
    """An image that was copied, and where it is now."""

    name: str
    place: str
    descriptor: Descriptor


async def copy_image(source: str, goal: str, settings: Settings, *, referrers: bool, observer: Observer) -> Copied:
    """Copies ``source`` to ``goal``.

    Args:
        source: a name, or a place as `Stores.open` takes it.
        goal: a reference in a registry, or ``oci:DIR:NAME``.
        settings: where things are.
        referrers: take along what hangs on it, also from the repository of the settings; all of it comes to hang
            beside the copy.
        observer: is told what happens.

    Raises:
        Unsupported: nothing can be written to such a place.
        UsageError: it lacks a name.
        UndercurrentError: as the stores raise them.
    """
    async with Stores(settings, observer=observer) as stores:
        found = await anext(aiter(locate_all([source], Places(), stores, settings)))
        if isinstance(found, Lost):
            raise found.error
        to = _goal(goal, stores, settings)
        image = await found.open(stores)
        signatures = stores.signatures_of(image)
        moved = _Moved(observer)
        descriptor = await copy(
            image,
            to.store,
            to.inside,
            referrers=referrers,
            elsewhere=None if signatures is image.store else signatures,
            observer=moved,
        )
        copied = Copied(to.name, to.place, descriptor)
        proof: dict[str, Any] = {
            "source": found.place,
            "place": to.place,
            "from": image.name,
            "registries": [_registry_of(image.store), _registry_of(to.store)],
            "bytes": moved.bytes,
            "referrers": referrers,
        }
    with recording(settings) as record:
        record.add("image-copied", copied.descriptor.digest, "copied", to.name, **proof)
    return copied


class _Moved:
    """Watches a copy: how many bytes of content are sent, beside what the goal has already and the manifests."""

    def __init__(self, observer: Observer) -> None:
        self.bytes = 0
        self._observer = observer

    def __call__(self, event: Event) -> None:
        if isinstance(event, Advanced):
            self.bytes += event.size
        self._observer(event)


def _registry_of(store: Store) -> str:
    """Its host; "" of what is in none."""
    return str(store.registry.host) if isinstance(store, Hosted) else ""


def _goal(text: str, stores: Stores, settings: Settings) -> Destination:
    kind, _colon, rest = text.partition(":")
    path, _colon, name = rest.partition(":")
    if kind == "oci" and name:
        return destination(name, stores, settings, layout=Path(path))
    if kind == "oci":
        raise UsageError(
            _("{place} does not say what the image is to be called").format(place=text),
            hint=_("write oci:FOLDER:NAME, such as oci:images:app:1.0"),
        )
    if has_transport(text) and not rest.startswith("//"):
        raise Unsupported(
            _("nothing can be copied to {place}").format(place=text),
            hint=_("copy to a reference in a registry, or to oci:FOLDER:NAME"),
        )
    return destination(text.removeprefix("docker://"), stores, settings, registry=True)
