"""An engine in this process that serves saved images on a socket. How real ones behave is shown in tests/peers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from tests.support.images import layer_tar

from undercurrent.oci.digest import Digest

__all__ = ["FakeEngine"]


class FakeEngine:
    """Podman or docker, as far as listing, inspecting and saving goes.

    Args:
        socket: where it listens while it is entered.

    Attributes:
        images: what ``docker save`` would write, by id.
        names: ids by name; an image without one is listed without one.
        answers: replaces what it says to a path.
        asked: the paths that were asked for.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.images: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.answers: dict[str, Callable[[web.Request], Any]] = {}
        self.asked: list[str] = []
        application = web.Application()
        application.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def add(self, text: str, name: str = "", config: Mapping[str, object] | None = None) -> Digest:
        """Adds an image with ``text`` in its file ``motd``; a name that another one has goes to it.

        Args:
            text: that.
            name: what it is called.
            config: how it runs: ``User`` and so on.

        Returns:
            Its id, the digest of its configuration.
        """
        layer = layer_tar({"motd": text.encode()})
        rootfs = {"type": "layers", "diff_ids": [Digest.of(layer)]}
        more = {} if config is None else {"config": config}
        said = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs, **more}).encode()
        image_id = Digest.of(said)
        manifest = [{"Config": f"{image_id.encoded}.json", "RepoTags": None, "Layers": ["layer.tar"]}]
        self.images[image_id] = layer_tar(
            {
                f"{image_id.encoded}.json": said,
                "layer.tar": layer,
                "manifest.json": json.dumps(manifest).encode(),
            }
        )
        if name:
            self.names[name] = image_id
        return image_id

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if answer := self.answers.get(request.path):
            answered = answer(request)
            return answered if isinstance(answered, web.StreamResponse) else await answered
        if request.path == "/images/json":
            return web.json_response([self._row(image_id) for image_id in self.images])
        name, _slash, what = request.path.removeprefix("/images/").rpartition("/")
        image_id = self.names.get(name, name)
        if image_id not in self.images:
            return web.json_response({"message": f"no such image: {name}"}, status=404)
        if what == "get":
            return web.Response(body=self.images[image_id], content_type="application/x-tar")
        return web.json_response({"Id": image_id, "Os": "linux", "Architecture": "amd64"})

    def _row(self, image_id: str) -> dict[str, Any]:
        names = [name for name, named in self.names.items() if named == image_id]
        return {"Id": image_id, "Created": 1, "Size": 1, "RepoTags": names or ["<none>:<none>"]}
