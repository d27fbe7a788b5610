"""A repository of a registry, as a store.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from undercurrent.errors import (
    DigestMismatch,
    InvalidReference,
    NotFound,
    TooLarge,
    UndercurrentError,
    Unsupported,
)
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Headers, Request, Response
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import MAX_MANIFEST, AnyManifest, parse
from undercurrent.oci.reference import Reference
from undercurrent.oci.registry.amending import amend
from undercurrent.oci.registry.answers import count_in, refusal
from undercurrent.oci.registry.blobs import pieces_of, whole
from undercurrent.oci.registry.pages import pages
from undercurrent.oci.registry.referrers import FallbackList, list_referrer, read_referrers
from undercurrent.oci.registry.upload import UploadBy, upload
from undercurrent.oci.store import (
    Change,
    Content,
    WritableStore,
    parse_verified,
    read_twice,
)

if TYPE_CHECKING:
    from undercurrent.oci.registry.host import Registry

__all__ = ["Repository"]

_ACCEPT: Final = ", ".join(sorted(mediatypes.MANIFESTS | mediatypes.INDEXES))
_PAGE: Final = 1000
_KEPT: Final = 64
_SENT: Final = 1024
_KEPT_BYTES: Final = 256 * 1024


class Repository(WritableStore):
    """One repository, such as ``ghcr.io/acme/app``. Its names are tags.

    Args:
        registry: where it is.
        name: its path there: ``acme/app``.
        upload_by: how blobs are sent; ``auto`` changes from one piece to chunks where it must.

    Each method that asks the registry raises:
        Unauthorized: it does not let us.
        NotFound: it has no such repository, tag or content.
        CouldNotCheck: it does not answer, or not usefully; never read as "it has none".
    """

    def __init__(self, registry: "Registry", name: str, *, upload_by: UploadBy = "auto") -> None:
        self.registry = registry
        self.name = name
        self.upload_by = upload_by
        self._kept: OrderedDict[Digest, AnyManifest] = OrderedDict()
        self._sent: OrderedDict[Digest, None] = OrderedDict()
        self._fallback_lists: WeakValueDictionary[Digest, FallbackList] = WeakValueDictionary()

    def __repr__(self) -> str:
        return f"Repository({self.label!r})"

    @property
    def label(self) -> str:
        """Host and path."""
        return f"{self.registry.host}/{self.name}"

    @property
    def reading(self) -> str:
        """The scope that reading needs."""
        return f"repository:{self.name}:pull"

    @property
    def writing(self) -> str:
        """The scope that writing needs."""
        return f"repository:{self.name}:pull,push"

    def path(self, kind: str, rest: str = "") -> str:
        """Path of something in this repository: ``manifests``, ``blobs``, …."""
        return f"/v2/{self.name}/{kind}/{rest}"

    def fallback_list(self, subject: Digest) -> FallbackList:
        """The list under the fallback tag of ``subject``; one for all tasks that add to it now."""
        return self._fallback_lists.setdefault(subject, FallbackList())

    def written(self, name: str) -> str:
        """``name`` (a tag or a digest) with the repository, as its user writes it."""
        return f"{self.label}{'@' if ':' in name else ':'}{name}"

    def refused(
        self, answer: Answer | Response, what: str, *, body: bytes = b"", writing: bool = False
    ) -> UndercurrentError:
        """The error for an answer that is not the expected one."""
        body = answer.body if isinstance(answer, Answer) else body
        return refusal(answer.status, body, host=self.registry.host, what=what, writing=writing)

    async def ask(self, request: Request, *, limit: int = MAX_MANIFEST, scope: str = "") -> Answer:
        """Sends a request about this repository; with `reading` as its scope if none is given."""
        return await self.registry.fetch(request, *(scope or self.reading).split(), repository=self.name, limit=limit)

    # Reading

    async def resolve(self, name: str) -> Descriptor:
        """What ``name`` (a tag or a digest) means now.

        Raises:
            InvalidReference: it is neither.
            DigestMismatch: the registry answers with other content than it says, or was asked for.
        """
        wanted = self._checked(name)
        answer = await self.ask(Request("HEAD", self.path("manifests", name), {"Accept": _ACCEPT}))
        if answer.status == HTTPStatus.OK and (found := _described(answer.headers, wanted)):
            return found
        if answer.status in {HTTPStatus.OK, HTTPStatus.METHOD_NOT_ALLOWED}:
            # Docker-Content-Digest may be left out, and old registries do not know HEAD: only the content tells.
            return (await self._get(name, wanted)).descriptor
        raise self.refused(answer, self.written(name))

    async def find(self, name: str) -> AnyManifest | None:
        """The manifest or index that ``name`` (a tag or a digest) means now, None if there is no such name.

        Raises:
            InvalidReference: it is neither.
            DigestMismatch: the registry delivers other content than it says, or was asked for.
        """
        try:
            return await self._get(name, self._checked(name))
        except NotFound:
            return None

    def remember(self, manifest: AnyManifest) -> None:
        """Keeps a manifest that was read of this repository by others, so that it need not be asked for again."""
        self._keep(manifest)

    def remembers(self, descriptor: Descriptor) -> bool:
        """Whether the manifest that ``descriptor`` names is kept, so that it need not be asked for."""
        kept = self._kept.get(descriptor.digest)
        return kept is not None and len(kept.raw) == descriptor.size and kept.media_type == descriptor.media_type

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """The manifest or index that ``descriptor`` names, its digest and size verified."""
        if kept := self._kept.get(descriptor.digest):
            self._kept.move_to_end(descriptor.digest)
            return kept if self.remembers(descriptor) else parse_verified(kept.raw, descriptor, self.label)
        written = self.written(descriptor.digest)
        if descriptor.size > MAX_MANIFEST:
            raise TooLarge(_("{name} is larger than 4 MiB: that is no manifest").format(name=written))

        async def read() -> AnyManifest:
            answer = await self.ask(Request("GET", self.path("manifests", descriptor.digest), {"Accept": _ACCEPT}))
            if answer.status != HTTPStatus.OK:
                raise self.refused(answer, written)
            return self._keep(parse_verified(answer.body, descriptor, self.label))

        return await read_twice(read)

    def blob(self, descriptor: Descriptor) -> AsyncGenerator[bytes, None]:
        """The content that ``descriptor`` names; resumed where it was cut off."""
        return pieces_of(self, descriptor)

    async def content(self, descriptor: Descriptor) -> bytes:
        """See `Store.content`; one question and one answer, where it is small."""
        return await whole(self, descriptor)

    async def names(self) -> AsyncIterator[str]:
        """All tags."""

        def refused(answer: Answer) -> Exception:
            return self.refused(answer, self.label)

        first = self.path("tags", f"list?n={_PAGE}")
        async for page in pages(self.registry, first, "tags", refused, self.reading, repository=self.name):
            for tag in page:
                yield tag

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """The manifests that name ``subject`` as their subject, by the API or by the fallback tag."""
        found = await read_referrers(self, subject)
        return tuple(entry for entry in found if not artifact_type or entry.artifact_type == artifact_type)

    # Writing

    async def has(self, descriptor: Descriptor) -> bool:
        """Whether the content (blob or manifest) is here."""
        return await self.holds(descriptor, self.reading)

    async def holds(self, descriptor: Descriptor, scope: str) -> bool:
        """Like `has`, asked with the scope of what comes next."""
        is_manifest = descriptor.media_type in mediatypes.MANIFESTS | mediatypes.INDEXES
        kind, headers = ("manifests", {"Accept": _ACCEPT}) if is_manifest else ("blobs", {})
        answer = await self.ask(Request("HEAD", self.path(kind, descriptor.digest), headers), scope=scope)
        if answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            return answer.status == HTTPStatus.OK
        raise self.refused(answer, self.written(descriptor.digest))

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        """Stores content, unless it is here or can be mounted from another repository of this registry.

        Raises:
            DigestMismatch: the content is not what the descriptor names.
            Refused: the registry does not take it.
        """
        if descriptor.digest in self._sent:
            return False
        known = "" if mount_from else self.registry.holder_of(descriptor.digest)
        done = await upload(self, descriptor, content, mount_from=mount_from or known, ask_first=not fresh)
        if known and done:
            self.registry.mounts = False
        self.registry.holds(descriptor.digest, self.name)
        self._sent[descriptor.digest] = None
        if len(self._sent) > _SENT:
            self._sent.popitem(last=False)
        return done

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        """Stores a manifest; where the registry has no referrers API, lists it under its subject's fallback tag.

        Raises:
            InvalidReference: ``name`` is no tag.
            Refused: the registry does not take it.
        """
        target = name or manifest.digest
        self._checked(target)
        await self.put(manifest, target)

    async def put(
        self, manifest: AnyManifest, target: str, *, if_match: str | None = None, retries: int | None = None
    ) -> bool:
        """Stores a manifest under ``target``, which is no longer looked at.

        Args:
            manifest: what is stored.
            target: a tag, or its digest.
            if_match: only if the tag still has this ETag ("" if it had none), where the registry heeds that; whatever
                it means now when None.
            retries: how often at most; as the settings say when None.

        Returns:
            False if somebody else was faster.
        """
        written, headers = self.written(target), {"Content-Type": manifest.media_type}
        headers |= {"If-Match": if_match} if if_match else {}
        request = Request("PUT", self.path("manifests", target), headers, content=manifest.raw, retries=retries)
        store = partial(self.ask, request, scope=self.writing)
        answer = await store()
        if if_match is not None and answer.status == HTTPStatus.PRECONDITION_FAILED:
            return False
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
            raise self.refused(answer, written, writing=True)
        stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if stored != manifest.digest and stored.partition(":")[0] == manifest.digest.algorithm:
            said = _("{host} stored {name} as {digest}, which it is not")
            raise DigestMismatch(said.format(host=self.registry.host, name=written, digest=stored[:80]))
        self._keep(manifest)
        await list_referrer(self, manifest, store, promised="OCI-Subject" in answer.headers)
        return True

    async def amend(self, name: str, change: Change) -> None:
        """See `WritableStore.amend`; `undercurrent.oci.registry.amending` says how far that goes in a registry.

        Raises:
            InvalidReference: ``name`` is no tag.
            UnexpectedAnswer: it is overwritten again and again.
            Refused: the registry does not take it.
        """
        self._checked(name)
        await amend(self, name, change)

    async def delete_name(self, name: str) -> None:
        """Takes a tag away.

        Raises:
            NotFound: there is no such tag.
            Unsupported: the registry cannot take tags away.
        """
        self._checked(name)
        answer = await self.ask(Request("DELETE", self.path("manifests", name)), scope=f"{self.writing},delete")
        if answer.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
            return
        if answer.status == HTTPStatus.BAD_REQUEST:  # distribution before 3.0 takes digests only, and says so like this
            raise Unsupported(_("{host} cannot take tags away").format(host=self.registry.host))
        raise self.refused(answer, self.written(name), writing=True)

    async def get(self, name: str, wanted: Digest | None = None) -> tuple[AnyManifest, Headers]:
        """The manifest or index under a name as it is now, with the headers it came with.

        Raises:
            DigestMismatch: it is other content than the registry says, or than was ``wanted``.
        """

        async def read() -> tuple[AnyManifest, Headers]:
            answer = await self.ask(Request("GET", self.path("manifests", name), {"Accept": _ACCEPT}))
            if answer.status != HTTPStatus.OK:
                raise self.refused(answer, self.written(name))
            claimed = {*answer.headers.getall("Docker-Content-Digest", []), *([wanted] if wanted else [])}
            if any(not _is_digest_of(text, answer.body) for text in claimed):
                raise DigestMismatch(
                    _("{where} delivered other content for {name} than it says").format(where=self.label, name=name)
                )
            return parse(answer.body, answer.headers.get("Content-Type", "")), answer.headers

        return await read_twice(read)

    async def _get(self, name: str, wanted: Digest | None) -> AnyManifest:
        manifest, _headers = await self.get(name, wanted)
        if wanted and manifest.digest != wanted:
            return parse_verified(manifest.raw, Descriptor(manifest.media_type, wanted, len(manifest.raw)), self.label)
        return self._keep(manifest)

    def _checked(self, name: str) -> Digest | None:
        """The digest that ``name`` is, None if it is a tag."""
        if ":" in name:
            return Digest(name)
        if not name:
            raise InvalidReference(_("an empty name is no tag"))
        Reference.parse(f"registry.invalid/x:{name}")
        return None

    def _keep(self, manifest: AnyManifest) -> AnyManifest:
        if len(manifest.raw) <= _KEPT_BYTES:
            self._kept[manifest.digest] = manifest
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return manifest


def _described(headers: Headers, wanted: Digest | None) -> Descriptor | None:
    """The descriptor that an answer without body gives, None if it does not give a whole and consistent one."""
    media_type = headers.get("Content-Type", "").partition(";")[0].strip()
    digests, length = set(headers.getall("Docker-Content-Digest", [])), count_in(headers.get("Content-Length", ""))
    if wanted:
        digests.add(wanted)
    if media_type not in mediatypes.MANIFESTS | mediatypes.INDEXES or len(digests) != 1 or length is None:
        return None
    try:
        return Descriptor(media_type, Digest(digests.pop()), length)
    except InvalidReference:
        return None


def _is_digest_of(text: str, content: bytes) -> bool:
    try:
        return Digest(text).matches(content)
    except InvalidReference:
        return False
