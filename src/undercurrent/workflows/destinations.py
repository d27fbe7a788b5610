"""Where images are written: the embedded store, a layout, or a registry."""

from dataclasses import dataclass
from pathlib import Path

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.reference import DOCKER_HUB, Reference, names_host
from undercurrent.oci.store import WritableStore
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings
from undercurrent.workflows.estate import embedded_store

__all__ = ["Destination", "destination", "home_name", "home_of"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A place to write an image to.

    Attributes:
        store: where.
        inside: what it is called in that store.
        name: what people call it from then on.
    """

    store: WritableStore
    inside: str
    name: str

    @property
    def place(self) -> str:
        """The place as `Stores.open` takes it."""
        return f"oci:{self.store.path}:{self.inside}" if isinstance(self.store, Layout) else self.name


def destination(
    name: str, stores: Stores, settings: Settings, *, layout: Path | None = None, registry: bool = False
) -> Destination:
    """Where an image that is called ``name`` goes.

    Args:
        name: what the user calls the image.
        stores: opens the place.
        settings: default registry and embedded store.
        layout: an OCI layout, made where there is none, instead of the embedded store.
        registry: the registry that ``name`` begins with, or the default one.

    Raises:
        InvalidReference: ``name`` is no image reference.
    """
    reference = Reference.parse(name, default_registry=settings.images.default_registry or DOCKER_HUB)
    if registry:
        return Destination(stores.repository(reference), reference.target, str(reference))
    return Destination(stores.layout(layout or embedded_store(settings), create=True), name, name)


def home_of(name: str, stores: Stores, settings: Settings) -> Destination:
    """Where an image of a local engine can carry signatures: the default registry, else the embedded store.

    Args:
        name: what the engine calls it.
        stores: opens the place.
        settings: default registry and embedded store.

    Raises:
        UsageError: as `home_name`.
    """
    registry = bool(settings.images.default_registry)
    return destination(home_name(name, settings), stores, settings, registry=registry)


def home_name(name: str, settings: Settings) -> str:
    """What an image of a local engine is called where it can carry signatures, with its tag.

    In the default registry it keeps its path, without the host that it was pulled from; so nothing is ever pushed
    to a registry that was not named.

    Raises:
        UsageError: it has no name there, only an id.
    """
    if name.startswith("sha256:"):
        raise UsageError(
            _("{name} has no name to be kept under").format(name=name), hint=_("give it one: podman tag, docker tag")
        )
    host, _slash, path = name.partition("/")
    registry = settings.images.default_registry
    if names_host(name) and (host == "localhost" or (registry and host != registry.partition("/")[0])):
        name = path
    reference = Reference.parse(name, default_registry=registry or DOCKER_HUB)
    return name if reference.tag or reference.digest else f"{name}:latest"
