"""A registry of the distribution specification 1.1, in this process, that fails on demand.

    async with FakeRegistry(referrers=False, bearer=("ann", "pw")) as registry:
        registry.fail(Fault("GET", "/manifests/", status=429, headers={"Retry-After": "0"}, times=2))
        ...                                   # use f"{registry.host}/acme/app"
        assert registry.count("GET", "/manifests/") == 3

Only for faults and for quick unit tests: what real registries do is shown with real ones, in tests/peers.
"""

import base64
import hashlib
import json
import re
import secrets
import ssl
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web
from tests.support.faults import TAKE, Fault, FaultyServer, Generated, Reply, Seen

__all__ = ["FakeRegistry", "Fault", "Held", "Seen"]

_SUBJECT_KINDS = ("config", "layers", "manifests")


@dataclass
class Held:
    """One repository's content."""

    blobs: dict[str, bytes | Generated] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, "_Upload"] = field(default_factory=dict)


@dataclass
class _Upload:
    hasher: Any = field(default_factory=hashlib.sha256)
    data: bytearray = field(default_factory=bytearray)
    size: int = 0


@dataclass(frozen=True)
class _Token:
    scopes: frozenset[tuple[str, str]]
    ends: float


class _Refusal(Exception):
    def __init__(self, status: int, code: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(code)
        body = json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()
        self.reply = Reply(status, {"Content-Type": "application/json", **headers}, body)


class FakeRegistry(FaultyServer):
    """The registry; see the module for how to use it.

    Args:
        referrers: whether it has the referrers API (and says ``OCI-Subject``).
        filters: whether the referrers API filters by artifact type.
        basic: user and password it wants as basic authentication.
        bearer: user and password its token endpoint wants; requests need a token from there.
        identity_token: accepted by the token endpoint instead (a refresh token).
        anonymous_pull: whether reading needs no password (with `bearer`: still a token).
        page_size: entries on a page of tags, catalog and referrers.
        catalog: whether there is a catalog.
        deletes: whether tags can be deleted.
        digest_header: whether it says ``Docker-Content-Digest``.
        etags: whether manifests have ETags and ``If-Match`` counts.
        ranges: whether blobs can be read from the middle.
        mounts: whether blobs can be mounted from another repository.
        single_post: whether a blob may come with the first POST.
        monolithic: whether a blob may come with the last PUT; else it must be PATCHed.
        checks_parts: whether a manifest is refused while its parts are not there, as real registries do.
        keep_up_to: larger blobs that are uploaded are hashed and forgotten.
        token_lifetime_s: seconds a token holds.
        tls: serves https with this.
    """

    def __init__(
        self,
        *,
        referrers: bool = True,
        filters: bool = True,
        basic: tuple[str, str] | None = None,
        bearer: tuple[str, str] | None = None,
        identity_token: str = "",
        anonymous_pull: bool = False,
        page_size: int = 100,
        catalog: bool = True,
        deletes: bool = True,
        digest_header: bool = True,
        etags: bool = False,
        ranges: bool = True,
        mounts: bool = True,
        single_post: bool = True,
        monolithic: bool = True,
        checks_parts: bool = True,
        keep_up_to: int = 64 * 1024 * 1024,
        token_lifetime_s: int = 300,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.referrers = referrers
        self.filters = filters
        self.basic = basic
        self.bearer = bearer
        self.identity_token = identity_token
        self.anonymous_pull = anonymous_pull
        self.page_size = page_size
        self.catalog = catalog
        self.deletes = deletes
        self.digest_header = digest_header
        self.etags = etags
        self.ranges = ranges
        self.mounts = mounts
        self.single_post = single_post
        self.monolithic = monolithic
        self.checks_parts = checks_parts
        self.keep_up_to = keep_up_to
        self.token_lifetime_s = token_lifetime_s
        self.repositories: defaultdict[str, Held] = defaultdict(Held)
        self._tokens: dict[str, _Token] = {}

    def expire_tokens(self) -> None:
        """Makes every token that was given out invalid."""
        self._tokens.clear()

    def put_blob(self, repository: str, data: bytes) -> str:
        """Puts a blob in place; returns its digest."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.repositories[repository].blobs[digest] = data
        return digest

    def put_generated(self, repository: str, digest: str, size: int, content: Generated) -> None:
        """Puts a blob in place that is made while it is read."""
        held = self.repositories[repository]
        held.blobs[digest], held.sizes[digest] = content, size

    def put_configured(self, repository: str, tag: str, config: object) -> None:
        """Holds an image without layers that has this configuration."""
        raw = json.dumps(config).encode()
        descriptor = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": self.put_blob(repository, raw),
            "size": len(raw),
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor,
            "layers": [],
        }
        self.put_manifest(repository, json.dumps(manifest).encode(), tag)

    def put_manifest(self, repository: str, raw: bytes, tag: str = "") -> str:
        """Puts a manifest in place, as it is; returns its digest."""
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        held = self.repositories[repository]
        held.manifests[digest] = (json.loads(raw)["mediaType"], raw)
        if tag:
            held.tags[tag] = digest
        return digest

    def put_image(self, repository: str, tag: str = "", *, layers: tuple[bytes, ...] = (b"layer",)) -> str:
        """Puts an image for linux/amd64 in place; returns its manifest's digest."""
        config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}})

        def descriptor(kind: str, data: bytes) -> dict[str, Any]:
            media_type = f"application/vnd.oci.image.{kind}"
            return {"mediaType": media_type, "digest": self.put_blob(repository, data), "size": len(data)}

        document = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("config.v1+json", config.encode()),
            "layers": [descriptor("layer.v1.tar", data) for data in layers],
        }
        return self.put_manifest(repository, json.dumps(document).encode(), tag)

    async def reply(self, request: web.Request) -> Reply:
        """See `FaultyServer.reply`."""
        try:
            if request.path == "/token":
                return await self._token(request)
            self._authorize(request)
            return await self._route(request)
        except _Refusal as refusal:
            if not request.content.is_eof():
                await request.read()
            return refusal.reply

    # Who may do what

    def _authorize(self, request: web.Request) -> None:
        if self.basic and not self._is(self.basic, request.headers.get("Authorization", "")):
            reading = request.method in {"GET", "HEAD"} and request.path != "/v2/"
            if not (self.anonymous_pull and reading):
                raise _Refusal(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="fake, registry"'})
        if not self.bearer:
            return
        wanted = _scopes_of(request)
        scheme, _space, name = request.headers.get("Authorization", "").partition(" ")
        token = self._tokens.get(name) if scheme == "Bearer" else None
        if token is None or token.ends < time.monotonic() or not wanted <= token.scopes:
            asked = " ".join(f"{target}:{action}" for target, action in sorted(wanted))
            challenge = f'Bearer realm="{self.url}/token",service="fake registry"'
            challenge += f',scope="{asked}"' if asked else ""
            raise _Refusal(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

    @staticmethod
    def _is(credential: tuple[str, str], header: str) -> bool:
        return header == "Basic " + base64.b64encode(":".join(credential).encode()).decode()

    async def _token(self, request: web.Request) -> Reply:
        if request.method == "POST":
            form = parse_qs((await request.read()).decode())
            known = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == [self.identity_token]
            known = known or (form.get("username", [""])[0], form.get("password", [""])[0]) == self.bearer
            scopes = [part for value in form.get("scope", []) for part in value.split()]
        else:
            header = request.headers.get("Authorization", "")
            known = bool(self.bearer) and self._is(self.bearer or ("", ""), header)
            if header and not known:
                raise _Refusal(401, "UNAUTHORIZED")
            scopes = [part for value in request.query.getall("scope", []) for part in value.split()]
        if request.method == "POST" and not known:
            raise _Refusal(401, "UNAUTHORIZED")
        granted = set()
        for scope in scopes:
            target, _colon, actions = scope.rpartition(":")
            for action in actions.split(","):
                if known or (self.anonymous_pull and action == "pull"):
                    granted.add((target, action))
        name = secrets.token_urlsafe(24)
        self._tokens[name] = _Token(frozenset(granted), time.monotonic() + self.token_lifetime_s)
        body = {"token": name, "access_token": name, "expires_in": self.token_lifetime_s}
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    # What it does

    async def _route(self, request: web.Request) -> Reply:
        path = request.path
        if path in {"/v2", "/v2/"}:
            return Reply(200, {"Docker-Distribution-Api-Version": "registry/2.0"}, b"{}")
        if path == "/v2/_catalog":
            return self._catalog(request)
        match = re.fullmatch(
            r"/v2/(.+)/(tags/list|manifests/[^/]+|referrers/[^/]+|blobs/uploads/[^/]*|blobs/[^/]+)", path
        )
        if match is None or (match[1] not in self.repositories and request.method in {"GET", "HEAD", "DELETE"}):
            raise _Refusal(404, "NAME_UNKNOWN")
        name, held = match[1], self.repositories[match[1]]
        kind, _slash, last = match[2].rpartition("/")
        match kind:
            case "tags":
                reply = self._tags(request, name, held)
            case "manifests":
                reply = await self._manifest(request, name, held, last)
            case "referrers":
                reply = self._list_referrers(request, held, last)
            case "blobs/uploads":
                reply = await self._upload(request, name, held, last)
            case _:
                reply = self._blob(request, held, last)
        return reply

    def _catalog(self, request: web.Request) -> Reply:
        if not self.catalog:
            raise _Refusal(404, "NAME_UNKNOWN")
        names, headers = self._page(request, sorted(self.repositories))
        return Reply(200, headers, json.dumps({"repositories": names}).encode())

    def _tags(self, request: web.Request, name: str, held: Held) -> Reply:
        tags, headers = self._page(request, sorted(held.tags))
        return Reply(200, headers, json.dumps({"name": name, "tags": tags}).encode())

    def _page(self, request: web.Request, entries: list[str]) -> tuple[list[str], dict[str, str]]:
        size = min(int(request.query.get("n", self.page_size)), self.page_size)
        rest = [entry for entry in entries if entry > request.query.get("last", "")]
        headers = {"Content-Type": "application/json"}
        if len(rest) > size:
            query = urlencode({**request.query, "n": size, "last": rest[size - 1]})
            headers["Link"] = f'<{request.path}?{query}>; rel="next"'
        return rest[:size], headers

    async def _manifest(self, request: web.Request, name: str, held: Held, target: str) -> Reply:
        digest = held.tags.get(target, target)
        if request.method == "PUT":
            return self._put_manifest(request, name, held, target, await request.read())
        if request.method == "DELETE":
            return self._delete_manifest(held, target)
        if digest not in held.manifests:
            raise _Refusal(404, "MANIFEST_UNKNOWN")
        media_type, raw = held.manifests[digest]
        headers = {"Content-Type": media_type}
        if self.digest_header:
            headers["Docker-Content-Digest"] = digest
        if self.etags:
            headers["ETag"] = f'"{digest}"'
        return Reply(200, headers, raw)

    def _put_manifest(self, request: web.Request, name: str, held: Held, target: str, raw: bytes) -> Reply:
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        if ":" in target and target != digest:
            raise _Refusal(400, "DIGEST_INVALID")
        match = request.headers.get("If-Match")
        if self.etags and match is not None and match != f'"{held.tags.get(target)}"':
            raise _Refusal(412, "PRECONDITION_FAILED")
        document = json.loads(raw)
        if self.checks_parts and not self._parts_are_here(held, document):
            raise _Refusal(404, "MANIFEST_BLOB_UNKNOWN")
        held.manifests[digest] = (request.headers.get("Content-Type", ""), raw)
        if ":" not in target:
            held.tags[target] = digest
        headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
        if self.referrers and "subject" in document:
            headers["OCI-Subject"] = document["subject"]["digest"]
        return Reply(201, headers)

    @staticmethod
    def _parts_are_here(held: Held, document: Mapping[str, Any]) -> bool:
        parts = [document["config"]] if "config" in document else []
        blobs = {part["digest"] for part in [*parts, *(document.get("layers") or [])]}
        children = {part["digest"] for part in document.get("manifests") or []}
        return blobs <= held.blobs.keys() and children <= held.manifests.keys()

    def _delete_manifest(self, held: Held, target: str) -> Reply:
        if not self.deletes:
            raise _Refusal(405, "UNSUPPORTED")
        if target in held.tags:
            del held.tags[target]
        elif target in held.manifests:
            del held.manifests[target]
        else:
            raise _Refusal(404, "MANIFEST_UNKNOWN")
        return Reply(202)

    def _list_referrers(self, request: web.Request, held: Held, subject: str) -> Reply:
        if not self.referrers:
            raise _Refusal(404, "NOT_FOUND")
        entries = {}
        for digest, (media_type, raw) in held.manifests.items():
            document = json.loads(raw)
            if (document.get("subject") or {}).get("digest") == subject:
                artifact_type = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
                entry = {"mediaType": media_type, "digest": digest, "size": len(raw), "artifactType": artifact_type}
                entries[digest] = entry | {"annotations": document.get("annotations") or {}}
        wanted = request.query.get("artifactType")
        headers = {}
        if wanted and self.filters:
            entries = {digest: entry for digest, entry in entries.items() if entry["artifactType"] == wanted}
            headers["OCI-Filters-Applied"] = "artifactType"
        names, more = self._page(request, sorted(entries))
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entries[name] for name in names],
        }
        headers |= more | {"Content-Type": "application/vnd.oci.image.index.v1+json"}
        return Reply(200, headers, json.dumps(index).encode())

    def _blob(self, request: web.Request, held: Held, digest: str) -> Reply:
        if digest not in held.blobs:
            raise _Refusal(404, "BLOB_UNKNOWN")
        data = held.blobs[digest]
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        if not isinstance(data, bytes):
            return Reply(200, headers, data, held.sizes[digest])
        if self.ranges and (match := re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))):
            start = int(match[1])
            if start >= len(data):
                return Reply(416, {"Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return Reply(206, headers, data[start:])
        return Reply(200, headers, data)

    async def _upload(self, request: web.Request, name: str, held: Held, session: str) -> Reply:
        if request.method == "POST":
            return await self._begin_upload(request, name, held)
        if session not in held.uploads or request.query.get("_state") != f"state={session}":
            raise _Refusal(404, "BLOB_UPLOAD_UNKNOWN")
        upload = held.uploads[session]
        match request.method:
            case "PATCH":
                start = request.headers.get("Content-Range", f"{upload.size}-").partition("-")[0]
                if int(start) != upload.size:
                    raise _Refusal(416, "RANGE_INVALID", {"Range": f"0-{max(upload.size - 1, 0)}"})
                await self._receive(request, upload)
                return self._under_way(name, session, upload)
            case "PUT":
                before = upload.size
                await self._receive(request, upload)
                if not self.monolithic and upload.size > before:
                    del held.uploads[session]
                    raise _Refusal(413, "SIZE_INVALID")
                return self._finish(name, held, session, request.query["digest"])
            case "DELETE":
                del held.uploads[session]
                return Reply(204)
        reply = self._under_way(name, session, upload)
        return replace(reply, status=204)

    async def _begin_upload(self, request: web.Request, name: str, held: Held) -> Reply:
        mount, source = request.query.get("mount", ""), request.query.get("from", "")
        if self.mounts and source in self.repositories and mount in self.repositories[source].blobs:
            held.blobs[mount] = self.repositories[source].blobs[mount]
            return Reply(201, {"Location": f"/v2/{name}/blobs/{mount}", "Docker-Content-Digest": mount})
        session = secrets.token_hex(8)
        held.uploads[session] = _Upload()
        if "digest" in request.query and self.single_post:
            await self._receive(request, held.uploads[session])
            return self._finish(name, held, session, request.query["digest"])
        await request.read()
        return self._under_way(name, session, held.uploads[session])

    def _under_way(self, name: str, session: str, upload: _Upload) -> Reply:
        location = f"/v2/{name}/blobs/uploads/{session}?_state=state%3D{session}"
        return Reply(202, {"Location": location, "Range": f"0-{max(upload.size - 1, 0)}"})

    async def _receive(self, request: web.Request, upload: _Upload) -> None:
        left = request[TAKE]
        async for arrived in request.content.iter_any():
            piece = arrived[:left]
            upload.hasher.update(piece)
            upload.size += len(piece)
            if upload.size <= self.keep_up_to:
                upload.data += piece
            else:
                upload.data.clear()
            if left is not None and (left := left - len(piece)) <= 0:
                assert request.transport is not None
                request.transport.abort()
                raise ConnectionResetError

    def _finish(self, name: str, held: Held, session: str, digest: str) -> Reply:
        upload = held.uploads.pop(session)
        if "sha256:" + upload.hasher.hexdigest() != digest:
            raise _Refusal(400, "DIGEST_INVALID")
        held.blobs[digest] = bytes(upload.data)
        return Reply(201, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})


def _scopes_of(request: web.Request) -> frozenset[tuple[str, str]]:
    if request.path == "/v2/_catalog":
        return frozenset({("registry:catalog", "*")})
    match = re.fullmatch(r"/v2/(.+?)/(?:tags|manifests|referrers|blobs)/.*", request.path)
    if match is None:
        return frozenset()
    target = f"repository:{match[1]}"
    if request.method in {"GET", "HEAD"}:
        return frozenset({(target, "pull")})
    if request.method == "DELETE":
        return frozenset({(target, "delete")})
    return frozenset({(target, "pull"), (target, "push")})
