"""The stores of one run: opened when they are first named, kept, and closed together.

Places are written as skopeo writes them: ``oci:DIR[:NAME]``, ``oci-archive:FILE[:NAME]``,
``docker-archive:FILE[:NAME]``, ``docker://REFERENCE`` or just REFERENCE for a registry; and ``docker:NAME``,
``podman:NAME`` or ``auto:NAME`` for a local engine.
"""

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from undercurrent.errors import ConfigError, InvalidReference, NotFound, UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.engines.enginesocket import EngineName
from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.registry import Credentials, Registry, Repository
from undercurrent.oci.store import Store, is_derived
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings

if TYPE_CHECKING:
    from undercurrent.oci.files.archive import Archive
    from undercurrent.oci.files.layout import Layout

__all__ = ["Stores", "has_transport", "only_name"]

_REGISTRY: Final = "docker://"
_ARCHIVES: Final = ("oci-archive", "docker-archive")
_ENGINES: Final[tuple[EngineName, ...]] = ("auto", "docker", "podman")


def has_transport(text: str) -> bool:
    """Whether ``text`` says in what kind of store it is (``oci:``, ``docker://``)."""
    return text.partition(":")[0] in {"oci", *_ARCHIVES, *_ENGINES}


class Stores(AbstractAsyncContextManager["Stores"]):
    """Opens stores and keeps them, so that connections, credentials and indexes are shared by a whole run.

    Args:
        settings: how to talk to registries and engines.
        observer: is told about retries and exports.

    Attributes:
        settings: as given.

    Raises:
        ConfigError: the repository for signatures is none.
    """

    def __init__(self, settings: Settings, *, observer: Observer = silent) -> None:
        self.settings = settings
        self._observer = observer
        self._closing = AsyncExitStack()
        self._client = Client(settings.net, observer=observer)
        self._credentials = Credentials()
        self._registries: dict[str, Registry] = {}
        self._layouts: dict[Path, Layout] = {}
        self._archives: dict[Path, Archive] = {}
        self._engines: dict[EngineName, Engine] = {}
        self._signatures = _repository_named(settings.signing.repository)

    async def __aenter__(self) -> Self:
        await self._closing.enter_async_context(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    def registry(self, host: str) -> Registry:
        """The registry at ``host``."""
        if host not in self._registries:
            self._registries[host] = Registry(host, self._client, self._credentials)
        return self._registries[host]

    def repository(self, reference: Reference) -> Repository:
        """The repository that ``reference`` names."""
        return self.registry(reference.registry).repository(reference.repository)

    def signatures_of(self, image: Image) -> Store:
        """Where what hangs on ``image`` lives: beside it, or in the one repository that is set for all of it.

        ``COSIGN_REPOSITORY`` means the same to cosign, for images in registries: names made from digests and
        referrers are looked for in that repository and nowhere else
        (https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/remote/options.go). Images in layouts and archives
        keep theirs with them, so that they can be verified without any registry.
        """
        if self._signatures and isinstance(image.store, Repository):
            return self.repository(self._signatures)
        return image.store

    def layout(self, path: Path, *, create: bool = False) -> "Layout":
        """The OCI layout at ``path``.

        Raises:
            UndercurrentError: as `Layout.open`.
        """
        from undercurrent.oci.files.layout import Layout  # noqa: PLC0415 - registries do without

        key = path.absolute()
        if key not in self._layouts:
            self._layouts[key] = Layout.open(path, create=create)
        return self._layouts[key]

    def archive(self, path: Path) -> "Archive":
        """The archive at ``path``, of either kind.

        Raises:
            NotFound, BadContent: there is none, or it is not one.
        """
        from undercurrent.oci.files.archive import open_archive  # noqa: PLC0415 - registries do without

        key = path.absolute()
        if key not in self._archives:
            self._archives[key] = open_archive(path)
        return self._archives[key]

    async def engine(self, name: EngineName) -> Engine:
        """A local engine; it is not asked anything yet."""
        if name not in self._engines:
            engine = Engine(name, self.settings.net, observer=self._observer)
            self._engines[name] = await self._closing.enter_async_context(engine)
        return self._engines[name]

    async def open(self, place: str) -> tuple[Store, str]:
        """The store that ``place`` is in, and what is left of the text: a name in that store, or "".

        Raises:
            UndercurrentError: the text does not parse, or there is no such store.
        """
        kind, colon, rest = place.partition(":")
        if place.startswith(_REGISTRY) or not (colon and has_transport(place)):
            reference = Reference.parse(place.removeprefix(_REGISTRY))
            return self.repository(reference), reference.target
        path, _colon, name = rest.partition(":")
        if kind == "oci":
            return self.layout(Path(path)), name
        if kind in _ARCHIVES:
            return self.archive(Path(path)), name
        engine = next(known for known in _ENGINES if known == kind)
        return await self.engine(engine), rest

    async def image(self, place: str) -> Image:
        """The image at ``place``, as its name is meant now.

        Raises:
            NotFound: there is no such image.
            UsageError: the place holds several, and none is named.
            CouldNotCheck: it did not answer.
        """
        store, name = await self.open(place)
        name = name or await only_name(store)
        called = store.written(name) if isinstance(store, Repository) else name
        return Image(store, called, await store.resolve(name))


def _repository_named(text: str) -> Reference | None:
    """The repository that is set for signatures; None if none is."""
    if not text:
        return None
    try:
        reference = Reference.parse(text)
    except InvalidReference as error:
        raise _no_repository(text) from error
    if reference.tag or reference.digest:
        raise _no_repository(text)
    return reference


def _no_repository(text: str) -> ConfigError:
    return ConfigError(
        _("signing.repository: {name!r} is not the name of a repository").format(name=text[:200]),
        hint=_("write host/path without tag or digest, such as ghcr.io/acme/signatures"),
    )


async def only_name(store: Store) -> str:
    """What the only image in ``store`` is called.

    Raises:
        NotFound: there is none that has a name.
        UsageError: there are several.
    """
    names = [name async for name in store.names() if not is_derived(name)]
    match names:
        case [name]:
            return name
        case []:
            raise NotFound(_("{place} holds no image that has a name").format(place=store.label))
    raise UsageError(
        _("{place} holds {count} images").format(place=store.label, count=len(names)),
        hint=_("name one of them after a colon: {names}").format(names=listed(names[:5])),
    )
