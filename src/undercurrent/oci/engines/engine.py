"""Images that are in podman or docker: listed and read through the engine's socket.

Both speak Docker's API (https://docs.docker.com/reference/api/engine/). An engine hands out an image only whole,
as ``docker save`` writes it; so an image that is read is kept in a temporary file as long as it is in use.
Listing images reads none.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self
from urllib.parse import quote

from undercurrent.errors import (
    BadContent,
    EnvironmentLacks,
    InvalidReference,
    NotFound,
    UndercurrentError,
    UnexpectedAnswer,
)
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.net import Client, Request
from undercurrent.oci import strictjson
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.enginesocket import EngineName, EngineSocket, answering
from undercurrent.oci.files.durable import sweep, temporary
from undercurrent.oci.manifest import MAX_INDEX_DEPTH, AnyManifest, Manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.store import Store
from undercurrent.progress import Finished, Observer, Started, silent
from undercurrent.settings import NetSettings, cache_folder

if TYPE_CHECKING:
    from undercurrent.oci.files.archive import Archive

__all__ = ["Engine", "EngineImage"]

_KEPT: Final = 4
"""Exported images that are kept though nobody reads them now; the disk may not have room for all."""
_MAX_ANSWER: Final = 64 * 1024 * 1024
_EXCERPT: Final = 300
_NAMELESS: Final = "<none>:<none>"
"""What docker calls an image without a name."""
_BASE: Final = "http://localhost"
"""The socket decides who answers; HTTP wants a host all the same."""


@dataclass(frozen=True, slots=True)
class EngineImage:
    """An image as its engine lists it, unread.

    Attributes:
        name: what it is called there; its ``id`` where it has no name.
        id: what the engine calls it: mostly the digest of its configuration, never that of a manifest.
        size: bytes that it takes there, unpacked.
        created: when it was built, UTC.
        platform: what it runs on.
    """

    name: str
    id: Digest
    size: int
    created: datetime
    platform: Platform


@dataclass(frozen=True, slots=True)
class _Row:
    id: Digest
    names: tuple[str, ...]
    size: int
    created: datetime


@dataclass(slots=True)
class _Export:
    archive: "Archive"
    descriptor: Descriptor
    file: ExitStack = field(repr=False)
    readers: int = 0


class Engine(AbstractAsyncContextManager["Engine"], Store):
    """The images of podman or docker on this machine. Connects when it is first asked for something.

    Names are those that the engine gives; any that it understands can be resolved, a short one or an id too.
    Manifests are made from what ``docker save`` tells, as `undercurrent.oci.files.archive` does it: their digests are
    the same each time, but not those that the image has in a registry.

    Args:
        name: which engine; ``auto`` takes the first that answers.
        settings: time limits.
        observer: is told about images that are exported.
        environ: names sockets: DOCKER_HOST, CONTAINER_HOST, XDG_RUNTIME_DIR.
        scratch: folder for exported images; the user's cache folder when None.

    Each method that asks the engine raises:
        MissingTool: there is no engine here.
        EnvironmentLacks: its service does not run, or the disk is full.
        Unreachable: it does not answer.
        ConfigError: DOCKER_HOST or CONTAINER_HOST names no socket of this machine.
        UnexpectedAnswer: it says something that Docker's API does not allow.
    """

    def __init__(
        self,
        name: EngineName,
        settings: NetSettings,
        *,
        observer: Observer = silent,
        environ: Mapping[str, str] = os.environ,
        scratch: Path | None = None,
    ) -> None:
        self.name = name
        self._settings = settings
        self._observer = observer
        self._environ = environ
        self._scratch = scratch or cache_folder() / "engine"
        self._closing = AsyncExitStack()
        self._connecting = asyncio.Lock()
        self._socket: EngineSocket | None = None
        self._client: Client | None = None
        self._exporting = asyncio.Lock()
        self._exports: OrderedDict[Digest, _Export] = OrderedDict()
        self._homes: dict[Digest, Digest] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._exports:
            self._exports.popitem()[1].file.close()
        await self._closing.aclose()
        self._client = None

    @property
    def label(self) -> str:
        """The engine that answered, or was asked for."""
        return self._socket.engine if self._socket else self.name

    async def list_images(self) -> tuple[EngineImage, ...]:
        """What the engine has, one entry a name."""
        rows = await self._rows()
        try:
            async with asyncio.TaskGroup() as tasks:
                asked = [tasks.create_task(self._platform(row.id)) for row in rows]
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return tuple(
            EngineImage(name, row.id, row.size, row.created, platform)
            for row, platform in zip(rows, (task.result() for task in asked), strict=True)
            if platform is not None
            for name in row.names
        )

    async def names(self) -> AsyncIterator[str]:
        """See `Store.names`; an image that has no name is there by its id."""
        for row in await self._rows():
            for name in row.names:
                yield name

    async def identify(self, name: str) -> Digest:
        """The id of the image that ``name`` means now; exports nothing.

        Raises:
            InvalidReference: no image can have such a name.
            NotFound: none has it.
        """
        Reference.parse(name)
        return _id((await self._inspect(name)).get("Id"), self.label)

    async def resolve(self, name: str) -> Descriptor:
        """See `Store.resolve`; exports the image, so that its digest is known.

        Raises:
            InvalidReference: no image can have such a name.
            NotFound, BadContent.
        """
        image_id = await self.identify(name)
        async with self._reading(image_id) as export:
            return export.descriptor

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """See `Store.manifest`; only of images that were resolved here."""
        async with self._reading(self._home(descriptor)) as export:
            return await export.archive.manifest(descriptor)

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        """See `Store.blob`; only of images that were resolved here."""
        async with self._reading(self._home(descriptor)) as export:
            async for piece in export.archive.blob(descriptor):
                yield piece

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Store.referrers`; engines keep none."""
        del subject, artifact_type
        return ()

    # Exported images

    def _home(self, descriptor: Descriptor) -> Digest:
        try:
            return self._homes[descriptor.digest]
        except KeyError:
            raise NotFound(_("{label} lacks {digest}").format(label=self.label, digest=descriptor.digest)) from None

    async def _remember(self, image_id: Digest, archive: "Archive", descriptor: Descriptor, depth: int = 0) -> None:
        """Notes which image the content belongs to, so that it is found again after the export was dropped."""
        manifest = await archive.manifest(descriptor)
        if isinstance(manifest, Manifest):
            content = (descriptor, manifest.config, *manifest.layers)
            self._homes |= dict.fromkeys((item.digest for item in content), image_id)
            return
        self._homes[descriptor.digest] = image_id
        for child in manifest.manifests if depth < MAX_INDEX_DEPTH else ():
            with suppress(NotFound):  # an engine saves only the platforms that it pulled
                await self._remember(image_id, archive, child, depth + 1)

    @asynccontextmanager
    async def _reading(self, image_id: Digest) -> AsyncIterator[_Export]:
        async with self._exporting:
            export = self._exports.get(image_id)
            if export is None:
                export = self._exports[image_id] = await self._export(image_id)
            self._exports.move_to_end(image_id)
            export.readers += 1
        try:
            yield export
        finally:
            export.readers -= 1
            self._drop_idle()

    def _drop_idle(self) -> None:
        idle = [image_id for image_id, export in self._exports.items() if not export.readers]
        for image_id in idle[: max(0, len(self._exports) - _KEPT)]:
            self._exports.pop(image_id).file.close()

    async def _export(self, image_id: Digest) -> _Export:
        job = _("reading {name} from {engine}").format(name=image_id.short, engine=self.label)
        self._observer(Started(job))
        try:
            with ExitStack() as stack:
                path = await self._save(image_id, stack)
                from undercurrent.oci.files.archive import open_archive  # noqa: PLC0415 - listing reads none

                archive = open_archive(path)
                listed = [await archive.resolve(entry) async for entry in archive.names()]
                if len({descriptor.digest for descriptor in listed}) != 1:
                    raise BadContent(
                        _("{engine} saved no single image as {name}").format(engine=self.label, name=image_id)
                    )
                await self._remember(image_id, archive, listed[0])
                return _Export(archive, listed[0], stack.pop_all())
        finally:
            self._observer(Finished(job))

    async def _save(self, image_id: Digest, stack: ExitStack) -> Path:
        """Saves an image to a file that lives as long as ``stack`` is open."""
        try:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            sweep(self._scratch)
            file = stack.enter_context(temporary(self._scratch))
            await self._download(image_id, file)
        except OSError as error:
            raise EnvironmentLacks(
                _("no image can be kept in {path}: {reason}").format(path=self._scratch, reason=system_reason(error)),
                hint=_("free some space there, or name another place with XDG_CACHE_HOME"),
            ) from error
        return Path(file.name)

    async def _download(self, image_id: Digest, file: BinaryIO) -> None:
        client = await self._connected()
        async with client.send(Request("GET", f"{_BASE}/images/{image_id}/get")) as response:
            if response.status != HTTPStatus.OK:
                raise self._explain(response.status, await response.read(_MAX_ANSWER), image_id)
            async for piece in response.stream():
                file.write(piece)
        file.flush()

    # Talking to the engine

    async def _rows(self) -> tuple[_Row, ...]:
        answer = await self._get("/images/json")
        if not isinstance(answer, list):
            raise _nonsense(self.label)
        return tuple(_row(item, self.label) for item in answer)

    async def _platform(self, image_id: Digest) -> Platform | None:
        """What an image runs on; None if it was removed meanwhile."""
        try:
            found = await self._inspect(image_id)
        except NotFound:
            return None
        match found:
            case {"Os": str(os), "Architecture": str(architecture)}:
                return Platform(os, architecture, str(found.get("Variant") or ""))
        raise _nonsense(self.label)

    async def _inspect(self, name: str) -> dict[str, Any]:
        answer = await self._get(f"/images/{quote(name, safe='/:@')}/json", name)
        if not isinstance(answer, dict):
            raise _nonsense(self.label)
        return answer

    async def _get(self, path: str, name: str = "") -> Any:
        client = await self._connected()
        answer = await client.fetch(Request("GET", _BASE + path), limit=_MAX_ANSWER)
        if answer.status != HTTPStatus.OK:
            raise self._explain(answer.status, answer.body, name)
        try:
            return strictjson.loads(answer.body, self.label)
        except BadContent as error:
            raise _nonsense(self.label) from error

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None:
                self._socket = await answering(self.name, self._environ)
                client = Client(self._settings, observer=self._observer, unix_socket=self._socket.path)
                self._client = await self._closing.enter_async_context(client)
            return self._client

    def _explain(self, status: int, body: bytes, name: str) -> UndercurrentError:
        if status == HTTPStatus.NOT_FOUND and name:
            return NotFound(
                _("{engine} has no image {name}").format(engine=self.label, name=name),
                hint=_("`uc image list --engine {engine}` shows what it has").format(engine=self.label),
            )
        said = body[:_EXCERPT].decode("utf-8", "replace").strip()
        return UnexpectedAnswer(
            _("{engine} answers with status {status}: {message!r}").format(
                engine=self.label, status=status, message=said
            )
        )


def _row(item: Any, label: str) -> _Row:
    match item:
        case {"Id": str(text), "Created": int(created), "Size": int(size)}:
            image_id = _id(text, label)
            tags = item.get("RepoTags") or ()
            names = tuple(tag for tag in tags if isinstance(tag, str) and tag != _NAMELESS)
            return _Row(image_id, names or (image_id,), size, datetime.fromtimestamp(created, UTC))
    raise _nonsense(label)


def _id(text: Any, label: str) -> Digest:
    try:
        return Digest(text if ":" in str(text) else f"sha256:{text}")
    except InvalidReference as error:
        raise _nonsense(label) from error


def _nonsense(label: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(_("{engine} does not answer as Docker's API says").format(engine=label))
