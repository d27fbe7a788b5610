"""``uc serve``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import catalogue_options, usable_catalogues
from undercurrent.cli.printing import put
from undercurrent.dashboard.serving import Door, run, token_of
from undercurrent.i18n import translate as _

__all__ = ["serve"]


@command(
    "serve",
    has_output=False,
    help=_("Serve the page of `uc report` live, with a JSON API and metrics for Prometheus. Nothing can be changed."),
)
@click.option("--host", default="127.0.0.1", metavar="HOST", show_default=True, help=_("Address to listen on."))
@click.option(
    "--port",
    default=8321,
    type=click.IntRange(0, 65535),
    metavar="PORT",
    show_default=True,
    help=_("Port; 0 for a free one."),
)
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help=_("Ask whoever asks for the token in it.")
)
@click.option("--allow-host", "names", multiple=True, metavar="HOST", help=_("Name that this server may be called."))
@catalogue_options
async def serve(
    session: Session,
    host: str,
    port: int,
    token_file: Path | None,
    names: tuple[str, ...],
    catalogue: str | None,
    *,
    keep_going: bool,
) -> None:
    """Serves until it is stopped."""
    door = Door(host, port, token_of(token_file), tuple(name.lower() for name in names))
    usable_catalogues(session, keep_going=keep_going).find(catalogue or session.settings.planning.catalogue)
    await run(
        door,
        session.settings,
        lambda address: put(_("serving {address}").format(address=address) + "\n"),
        only=catalogue,
        keep_going=keep_going,
    )
