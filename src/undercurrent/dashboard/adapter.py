"""The one module that knows the libraries that serve: starlette takes requests apart, uvicorn speaks HTTP."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from undercurrent.dashboard.answers import Answer, Question
from undercurrent.dashboard.guard import App
from undercurrent.errors import MissingExtra
from undercurrent.i18n import translate as _

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Handlers", "application", "serve"]

Handlers: TypeAlias = Mapping[str, Callable[[Question], Answer]]
"""By path (``/api/v1/records/{id}``): what answers. It may wait, for each question has a thread of its own."""

_LARGEST_HEAD: Final = 16 * 1024
_AT_ONCE: Final = 64
"""Connections; others are told to come back."""
_IDLE_S: Final = 5
_STOP_S: Final = 3


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        package = (error.name or "starlette").partition(".")[0]
        raise MissingExtra(
            package, "dashboard", _("`uc serve` needs the Python package {package}").format(package=package)
        ) from error


def application(handlers: Handlers) -> App:
    """An ASGI application.

    Raises:
        MissingExtra: starlette is not installed.
    """
    with _installed():
        from starlette.applications import Starlette  # noqa: PLC0415 - only `uc serve` needs it, and may lack it
        from starlette.routing import Route  # noqa: PLC0415
    return Starlette(routes=[Route(path, _endpoint(handler)) for path, handler in handlers.items()])


def _endpoint(handler: "Callable[[Question], Answer]") -> "Callable[[Request], Response]":
    from starlette.responses import Response  # noqa: PLC0415

    def answer(request: "Request") -> "Response":
        question = Question(request.path_params, dict(request.query_params), request.headers.get("accept-language", ""))
        answer = handler(question)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return answer


async def serve(app: App, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serves until the process is asked to stop (SIGINT, SIGTERM); requests under way are finished first.

    Args:
        app: what answers.
        listener: bound already.
        started: called when it answers.

    Raises:
        MissingExtra: uvicorn is not installed.
    """
    with _installed():
        import uvicorn  # noqa: PLC0415 - as above

    class Server(uvicorn.Server):
        """Leaves signals to us: uvicorn raises them again when it is done, and would end as if it had failed."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http="h11",
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STOP_S,
    )
    server = Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    await server.serve(sockets=[listener])
