"""A store that asks another one for each thing once, for whoever looks at the same image several times."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeVar

from undercurrent.errors import UndercurrentError
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import AnyManifest
from undercurrent.oci.store import Store

__all__ = ["MAX_REMEMBERED", "Remembered"]

MAX_REMEMBERED: Final = 16 * 1024 * 1024
"""Bytes of a blob that is kept; larger ones are fetched as often as they are asked for."""

Answer = TypeVar("Answer")


class Remembered(Store):
    """What another store answered first is what it said, for as long as this lives: its errors, too.

    Args:
        store: the other one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[tuple[str, str], Any] = {}
        self._errors: dict[tuple[str, str], UndercurrentError] = {}

    @property
    def label(self) -> str:
        """See `Store.label`."""
        return self._store.label

    async def resolve(self, name: str) -> Descriptor:
        """See `Store.resolve`."""
        return await self._once("resolve", name, lambda: self._store.resolve(name))

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """See `Store.manifest`."""
        about = f"{descriptor.digest} {descriptor.size} {descriptor.media_type}"
        return await self._once("manifest", about, lambda: self._store.manifest(descriptor))

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        """See `Store.blob`."""
        if descriptor.size > MAX_REMEMBERED:
            async for piece in self._store.blob(descriptor):
                yield piece
            return

        async def whole() -> bytes:
            return b"".join([piece async for piece in self._store.blob(descriptor)])

        yield await self._once("blob", f"{descriptor.digest} {descriptor.size}", whole)

    def names(self) -> AsyncIterator[str]:
        """See `Store.names`."""
        return self._store.names()

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Store.referrers`."""
        about = f"{subject} {artifact_type}"
        return await self._once("referrers", about, lambda: self._store.referrers(subject, artifact_type))

    async def _once(self, method: str, about: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        key = (method, about)
        if key in self._errors:
            raise self._errors[key]
        if key not in self._answers:
            try:
                self._answers[key] = await ask()
            except UndercurrentError as error:
                self._errors[key] = error
                raise
        answer: Answer = self._answers[key]
        return answer
