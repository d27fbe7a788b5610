"""OCI layouts: a folder that holds images as files, readable by every OCI tool.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

A name is an index.json entry's ``org.opencontainers.image.ref.name``. A referrer is listed there without a name,
with its artifact type and annotations, as oras does it; regclient's fallback tag (``sha256-<hex>``) is read too.
Several processes may write to one layout at once, and being killed leaves it whole: content comes before the
entry that names it, and each file is written under a temporary name, synced, and renamed.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from undercurrent.errors import (
    BadContent,
    CouldNotCheck,
    DigestMismatch,
    EnvironmentLacks,
    NotFound,
    TooLarge,
    UndercurrentError,
    UsageError,
)
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.durable import locked, locked_briefly, replacing, sweep, sync_folder
from undercurrent.oci.files.layoutindex import MAX_INDEX_JSON, VERSION, LayoutIndex, check_version
from undercurrent.oci.files.listed import ListedStore
from undercurrent.oci.files.regular import pieces, reading
from undercurrent.oci.manifest import MAX_MANIFEST, AnyManifest
from undercurrent.oci.store import CHUNK, Change, Content, WritableStore, content_of, parse_verified, verified

__all__ = ["Layout"]

_MARKER: Final = "oci-layout"
_INDEX: Final = "index.json"
_LOCK: Final = ".uc-lock"
_OURS_UNFINISHED: Final = frozenset({"blobs", _INDEX, _LOCK})
_MAX_MARKER: Final = 4096


@dataclass(slots=True, eq=False)
class _Change:
    """A change of index.json that a task waits for."""

    function: Callable[[LayoutIndex], LayoutIndex]
    done: bool = False
    error: UndercurrentError | None = None


class Layout(ListedStore, WritableStore):
    """A folder in OCI image layout.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        """Takes ``path`` for a layout without looking; `open` looks."""
        super().__init__()
        self.path = path
        self._root = path.resolve()
        self._waiting: list[_Change] = []
        self._cached: tuple[tuple[int, ...], LayoutIndex] | None = None

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False) -> "Layout":
        """The layout at ``path``.

        Args:
            path: a folder.
            create: make a layout of a folder that is not there yet, or empty.

        Raises:
            NotFound: there is no such folder.
            UsageError: it is something else than a layout.
            BadContent: it is a damaged one.
            Unsupported: a layout version that is not read here.
            EnvironmentLacks: it cannot be made.
            CouldNotCheck: it may not be looked into.
        """
        layout = cls(Path(path))
        try:
            if create:
                layout._create()
            layout._check()
        except OSError as error:
            raise CouldNotCheck(
                _("{path} cannot be read: {reason}").format(path=path, reason=system_reason(error))
            ) from error
        sweep(layout.path)
        return layout

    @property
    def label(self) -> str:
        """``oci:`` and the path, as users write it."""
        return f"oci:{self.path}"

    # Opening

    def _create(self) -> None:
        if (self.path / _MARKER).exists():
            return
        if self.path.is_dir():
            strange = {item.name for item in self.path.iterdir() if not item.name.startswith(".uc-")}
            if strange - _OURS_UNFINISHED:
                raise _no_layout(self.path)
        elif self.path.exists():
            raise _no_layout(self.path)
        _make_folder(self.path / "blobs" / "sha256")
        with locked_briefly(self.path / _LOCK):
            # The marker comes last: a layout has it only when it has all the rest.
            for name, content in ((_INDEX, LayoutIndex.empty().dump()), (_MARKER, VERSION)):
                if not (self.path / name).exists():
                    with replacing(self.path / name, self.path) as file:
                        file.write(content)

    def _check(self) -> None:
        if not self.path.is_dir():
            if self.path.exists():
                raise _no_layout(self.path)
            raise NotFound(
                _("{path} does not exist").format(path=self.path),
                hint=_("`uc image pack` and `uc image copy` make a layout where there is none"),
            )
        marker = self.path / _MARKER
        if not marker.exists():
            if (self.path / _INDEX).exists() and (self.path / "blobs").is_dir():
                raise BadContent(
                    _("{path} looks like an OCI layout, but its file oci-layout is missing").format(path=self.path),
                    hint=_("copy the layout again, or write {content} to that file").format(content=VERSION.decode()),
                )
            raise _no_layout(self.path)
        with reading(marker) as file:
            check_version(file.read(_MAX_MARKER + 1), str(self.path))
        self._index()

    # Reading

    def _index(self) -> LayoutIndex:
        path = self.path / _INDEX
        try:
            file = reading(path)
        except NotFound as error:
            raise BadContent(
                _("{path} is missing from the OCI layout").format(path=path), hint=_("copy the layout again")
            ) from error
        with file:
            version = _version(os.fstat(file.fileno()))
            if self._cached and self._cached[0] == version:
                return self._cached[1]
            raw = file.read(MAX_INDEX_JSON + 1)
        if len(raw) > MAX_INDEX_JSON:
            raise TooLarge(_("{path} is larger than 64 MiB").format(path=path))
        index = LayoutIndex.parse(raw, str(path))
        self._cached = version, index
        return index

    def _blob_path(self, digest: Digest) -> Path:
        return self.path / "blobs" / digest.algorithm / digest.encoded

    def _inside(self, path: Path) -> Path:
        """Where ``path`` really is: a layout from elsewhere must not lead to its reader's other files.

        Raises:
            BadContent: outside of the layout.
        """
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self._root):
            raise BadContent(_("{path} is a link that leaves the layout").format(path=path))
        return real

    def _open_blob(self, digest: Digest, size: int | None = None) -> BinaryIO:
        path = self._blob_path(digest)
        try:
            file = reading(self._inside(path))
        except NotFound as error:
            raise NotFound(
                _("{label} lacks {digest}").format(label=self.label, digest=digest),
                hint=_("the layout is incomplete; copy the image into it again"),
            ) from error
        actual = os.fstat(file.fileno()).st_size
        if size is not None and actual != size:
            file.close()
            raise DigestMismatch(
                _("{path} has {actual} bytes instead of {expected}").format(path=path, actual=actual, expected=size),
                hint=_("the content was changed or damaged; copy the image into the layout again"),
            )
        return file

    async def _listing(self) -> LayoutIndex:
        return self._index()

    async def _unverified(self, digest: Digest) -> bytes:
        with self._open_blob(digest) as file:
            return file.read(MAX_MANIFEST + 1)

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """See `Store.manifest`."""
        if descriptor.size > MAX_MANIFEST:
            raise TooLarge(_("manifest {digest} is larger than 4 MiB").format(digest=descriptor.digest))
        with self._open_blob(descriptor.digest, descriptor.size) as file:
            raw = file.read(MAX_MANIFEST + 1)
        try:
            return parse_verified(raw, descriptor, self.label)
        except DigestMismatch as error:
            raise self._changed(error, descriptor.digest) from None

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        """See `Store.blob`."""
        with self._open_blob(descriptor.digest, descriptor.size) as file:
            try:
                async for piece in verified(pieces(file), descriptor, self.label):
                    yield piece
            except DigestMismatch as error:
                raise self._changed(error, descriptor.digest) from None

    def _changed(self, error: DigestMismatch, digest: Digest) -> DigestMismatch:
        hint = _("the file was changed or damaged; remove {path}, and copy the image into the layout again")
        return DigestMismatch(error.message, hint=hint.format(path=self._blob_path(digest)))

    # Writing

    async def has(self, descriptor: Descriptor) -> bool:
        """See `WritableStore.has`; a file of another size does not count, nor a small one that was changed."""
        try:
            with self._open_blob(descriptor.digest, descriptor.size) as file:
                return descriptor.size > CHUNK or descriptor.digest.matches(file.read())
        except (NotFound, BadContent):
            return False

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        """See `WritableStore.push_blob`; nothing is ever mounted.

        Raises:
            DigestMismatch: ``content`` is not what the descriptor says.
            EnvironmentLacks: the file cannot be written.
        """
        del mount_from, fresh
        if await self.has(descriptor):
            return False
        path = self._blob_path(descriptor.digest)
        self._inside(path.parent)
        _make_folder(path.parent)
        with replacing(path, self.path, lasting=False) as file:
            async for piece in verified(content(), descriptor, self.label):
                file.write(piece)
        return True

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        """See `WritableStore.push_manifest`.

        A name that is the manifest's own digest lists it in index.json without one; with no name and no subject
        it is stored only, as belongs to the images of an index.
        """
        descriptor = manifest.descriptor
        await self.push_blob(descriptor, content_of(manifest.raw))
        self._remember(manifest.digest, manifest)
        if not name and manifest.subject is None:
            return

        def change(index: LayoutIndex) -> LayoutIndex:
            if manifest.subject is not None:
                index = index.with_entry(manifest.referrer)
            if name == manifest.digest:
                return index.with_entry(descriptor)
            return index.with_name(name, descriptor) if name else index

        await self._change(change)

    async def amend(self, name: str, change: Change) -> None:
        """See `WritableStore.amend`. It is written only if ``name`` still means what was read, under the lock."""
        moved = True

        def rename(index: LayoutIndex) -> LayoutIndex:
            nonlocal moved
            moved = _meaning(index, name) != before
            return index if moved else index.with_name(name, descriptor)

        while moved:
            before = _meaning(await self._listing(), name)
            amended = change(await self.manifest(before) if before else None)
            if amended is None:
                return
            descriptor = amended.manifest.descriptor
            for part, content in (*amended.parts, (descriptor, amended.manifest.raw)):
                await self.push_blob(part, content_of(content))
            self._remember(descriptor.digest, amended.manifest)
            await self._change(rename)

    async def delete_name(self, name: str) -> None:
        """See `WritableStore.delete_name`; the content stays."""

        def change(index: LayoutIndex) -> LayoutIndex:
            if name not in index.names:
                raise NotFound(_("{label} has no image {name}").format(label=self.label, name=name))
            return index.without_name(name)

        await self._change(change)

    async def _change(self, function: Callable[[LayoutIndex], LayoutIndex]) -> None:
        """Changes index.json; changes that tasks want at the same time are written together, and synced once."""
        change = _Change(function)
        self._waiting.append(change)
        await asyncio.sleep(0)  # whoever else is about to change it comes in here
        try:
            if not change.done:
                async with locked(self.path / _LOCK):
                    # Nothing from here on awaits: see `locked_briefly`.
                    self._apply()
        finally:
            if change in self._waiting:  # cancelled
                self._waiting.remove(change)
        if change.error is not None:
            raise change.error

    def _apply(self) -> None:
        changes, self._waiting = self._waiting, []
        try:
            before = after = self._index()
            for change in changes:
                try:
                    after = change.function(after)
                except UndercurrentError as error:
                    change.error = error
            if after is not before:
                self._write(after)
        except UndercurrentError as error:
            for change in changes:
                change.error = error
        finally:
            for change in changes:
                change.done = True

    def _write(self, index: LayoutIndex) -> None:
        path, raw = self.path / _INDEX, index.dump()
        if len(raw) > MAX_INDEX_JSON:
            raise TooLarge(_("{path} would be larger than 64 MiB").format(path=path))
        # What the index names has to survive a power cut that the index survives.
        for folder in (self.path / "blobs").iterdir():
            if folder.is_dir():
                sync_folder(folder)
        with replacing(path, self.path) as file:
            file.write(raw)
            file.flush()
            # The kernel's own stamp is too coarse to tell two versions apart; whoever caches by it must be.
            os.utime(file.fileno(), ns=(now := time.time_ns(), now))
        self._cached = _version(path.stat()), index


def _meaning(index: LayoutIndex, name: str) -> Descriptor | None:
    entry = index.names.get(name)
    return entry.descriptor if entry else None


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be made: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("name a folder where you may write"),
        ) from error


def _no_layout(path: Path) -> UsageError:
    return UsageError(
        _("{path} is not an OCI layout").format(path=path),
        hint=_("name a folder with a file oci-layout in it; an archive is written oci-archive:FILE"),
    )
