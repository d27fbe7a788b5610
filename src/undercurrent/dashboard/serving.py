"""Opens the door: where to listen, who may ask, and what is wrong with that before anything is served."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.dashboard.adapter import application, serve
from undercurrent.dashboard.guard import Guard, is_loopback
from undercurrent.dashboard.live import Live
from undercurrent.dashboard.routes import routes
from undercurrent.errors import ConfigError, EnvironmentLacks, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.planning.loading import load
from undercurrent.settings import Settings
from undercurrent.workflows.pages import Sheet, sheet

__all__ = ["TOKEN_VARIABLE", "Door", "opened", "run", "token_of"]

TOKEN_VARIABLE: Final = "UNDERCURRENT_SERVE_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
"""Holds the token where no file does."""
_SHORTEST: Final = 16
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Door:
    """Where to listen, and for whom.

    Attributes:
        host: an address, or a name of one.
        port: 0 for any that is free.
        token: what requests have to know; "" only on loopback.
        names: names that requests may use for this server, besides loopback's.
    """

    host: str
    port: int
    token: str = ""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                _("{host} can be reached from elsewhere: a token is needed").format(host=self.host),
                hint=_("name a file that holds one with --token-file, or put it into {variable}").format(
                    variable=TOKEN_VARIABLE
                ),
            )


def token_of(file: Path | None, environ: Mapping[str, str] = os.environ) -> str:
    """The token in ``file``, else in the environment; "" where there is none.

    Raises:
        ConfigError: it cannot be read, or is too short to be one.
    """
    if file is None:
        token, where = environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE
        if not token:
            return ""
    else:
        token, where = _read(file), str(file)
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            _("{where} holds no token: at least {count} letters, digits or signs are needed").format(
                where=where, count=_SHORTEST
            ),
            hint=_("`openssl rand -hex 32` makes one"),
        )
    return token


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(_LARGEST).decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigError(_("{what}: {why}").format(what=file, why=system_reason(error))) from error


def opened(door: Door) -> socket.socket:
    """A socket that listens.

    Raises:
        EnvironmentLacks: somebody else listens there, or it is no address of this machine.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            door.host, door.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = _("cannot listen on {host}, port {port}: {reason}").format(
            host=door.host, port=door.port, reason=system_reason(error)
        )
        raise EnvironmentLacks(reason, hint=_("choose another with --port, or stop what listens there")) from error
    return listener


async def run(
    door: Door, settings: Settings, started: Callable[[str], None], *, only: str | None = None, keep_going: bool = False
) -> None:
    """Serves until the process is asked to stop.

    Args:
        door: where to listen.
        settings: where things are.
        started: is told the address to open.
        only: the id of the one catalogue to look at.
        keep_going: leave out catalogues that cannot be used.

    Raises:
        MissingExtra: what serves is not installed.
        EnvironmentLacks: nobody can listen there.
    """

    def reckon() -> Sheet:
        return sheet(settings, catalogues=load(settings, keep_going=keep_going), only=only)

    app = Guard(application(routes(Live(settings, reckon), settings, secured=bool(door.token))), door.token, door.names)
    with closing(opened(door)) as listener:
        port = listener.getsockname()[1]
        host = f"[{door.host}]" if ":" in door.host else door.host
        await serve(app, listener, lambda: started(f"http://{host}:{port}/"))
