"""Changes what a tag means, so that nobody's change is lost.

A manifest to which others may add at the same time is read, changed, and written again: a registry keeps what was
written last, whoever had read what before. Few registries heed ``If-Match``, which settles it. For the others:

- Between reading and writing lies nothing else: where something had to be stored in between, it is read once more. A
  write that failed is not repeated blindly, either: what is there by then is read first.
- After writing we look again, after a time in which whoever had read before us has written. Where nobody else was
  seen, that is a little longer than we needed ourselves; as soon as somebody was, it is `_AMONG_OTHERS_S`. What was
  overwritten is written again. Whoever reads after us keeps what we wrote.

So a change is lost only to a writer that stands still for longer than that between its last look and its write.
cosign does not look at all, and loses attestations (https://github.com/sigstore/cosign/issues/2432).
"""

import random
import time
from typing import TYPE_CHECKING, Final

from undercurrent.errors import NotFound, UndercurrentError, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.oci.manifest import AnyManifest
from undercurrent.oci.store import Change, content_of

if TYPE_CHECKING:
    from undercurrent.oci.registry.repository import Repository

__all__ = ["amend"]

_MOST_TRIES: Final = 40
_ALONE_S: Final = 0.02
_AMONG_OTHERS_S: Final = 1.0
_LONGEST_BACKOFF_S: Final = 0.5


async def amend(repository: "Repository", tag: str, change: Change) -> None:
    """Replaces what ``tag`` means by what ``change`` makes of it; see `WritableStore.amend`.

    Raises:
        UnexpectedAnswer: it was overwritten again and again.
        UndercurrentError: whatever the registry, or ``change``, says.
    """
    await _Amending(repository, tag, change).run()


class _Amending:
    """One change, until it stays.

    Attributes:
        others: whether somebody else was seen to write.
    """

    def __init__(self, repository: "Repository", tag: str, change: Change) -> None:
        self._repository, self._tag, self._change = repository, tag, change
        self._faults = 0
        self.others = False

    async def run(self) -> None:
        """Makes it."""
        for attempt in range(_MOST_TRIES):
            if await self._once(first=attempt == 0):
                return
            self.others = True
            await self._sleep(min(_LONGEST_BACKOFF_S, _ALONE_S * 2**attempt))
        raise UnexpectedAnswer(
            _("{name} is overwritten by somebody again and again").format(name=self._repository.written(self._tag)),
            hint=_("let fewer processes write there at the same time"),
        )

    async def _once(self, *, first: bool) -> bool:
        """Makes it once; False if it has to be made again."""
        began = time.monotonic()
        before, etag = await self._read()
        amended = self._change(before)
        if amended is None:
            # What was there before we came has stood its time.
            return first or before is None or await self._stays(before, 0.0)
        if amended.parts:
            for descriptor, content in amended.parts:
                await self._repository.push_blob(descriptor, content_of(content), fresh=True)
            began = time.monotonic()
            now, etag = await self._read()
            if _digest(now) != _digest(before):
                return False
        if not await self._put(amended.manifest, etag):
            return False
        return await self._stays(amended.manifest, 3 * (time.monotonic() - began))

    async def _stays(self, written: AnyManifest, needed_s: float) -> bool:
        """Whether the change is still there when whoever had read before us has written."""
        waited = 0.0
        while True:
            patience_s = max(needed_s, _AMONG_OTHERS_S if self.others else _ALONE_S)
            if waited >= patience_s:
                return True
            waited += await self._sleep(patience_s - waited, at_least=patience_s - waited)
            try:
                now = (await self._repository.resolve(self._tag)).digest
            except NotFound:
                return False  # the registry said that it has it, and has it not
            if now != written.digest:
                self.others = True
                current, _etag = await self._read()
                if self._change(current) is not None:
                    return False

    async def _read(self) -> tuple[AnyManifest | None, str]:
        """What the tag means now, None if nothing, and its ETag, "" if it has none."""
        try:
            manifest, headers = await self._repository.get(self._tag)
        except NotFound:
            return None, ""
        etag = headers.get("ETag", "")
        return manifest, etag if etag.isascii() and etag.isprintable() else ""  # it is sent back

    async def _put(self, manifest: AnyManifest, etag: str) -> bool:
        """Writes it; False if somebody else was faster, or if nobody knows what came of it."""
        try:
            # Tried again later, it would overwrite what others have written meanwhile.
            return await self._repository.put(manifest, self._tag, if_match=etag, retries=0)
        except UndercurrentError as error:
            await self._repository.registry.client.pause(self._faults, error)
            self._faults += 1
            return False

    async def _sleep(self, seconds: float, *, at_least: float = 0.0) -> float:
        """Waits as long, or up to half as long again: writers must not stay in step."""
        waited_s = max(at_least, seconds * random.uniform(0.5, 1.5))  # noqa: S311 - spreads writers, hides nothing
        await self._repository.registry.client.sleep(waited_s)
        return waited_s


def _digest(manifest: AnyManifest | None) -> str:
    return manifest.digest if manifest else ""
