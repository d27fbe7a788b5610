"""How containers are to run: the options that say so."""

from typing import Any, TypeVar

import click

from undercurrent.i18n import translate as _

__all__ = ["wanted_options"]

_Body = TypeVar("_Body", bound=Any)
_HIGHEST = 2**31 - 1


class _ContainerPath(click.ParamType[str]):
    """An absolute path in a container."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Takes it as it is, without a slash at the end."""
        text = str(value)
        if not text.startswith("/") or ".." in text.split("/") or not text.strip("/") or not text.isprintable():
            self.fail(_("{text!r} is not an absolute path in a container").format(text=text), param, ctx)
        return text.rstrip("/")


def wanted_options(body: _Body) -> _Body:
    """Adds them: ``uid``, ``gid``, ``writable`` and so on, as `hardening.manifests.patching.Wanted` has them."""
    options = (
        click.option(
            "--uid",
            type=click.IntRange(1, _HIGHEST),
            metavar="ID",
            help=_("User of containers that have none, or root; as set unless given."),
        ),
        click.option(
            "--gid",
            type=click.IntRange(1, _HIGHEST),
            metavar="ID",
            help=_("Group of them; the user's number unless given."),
        ),
        click.option(
            "--writable",
            type=_ContainerPath(),
            multiple=True,
            default=("/tmp",),  # noqa: S108 - in the container
            show_default=True,
            metavar="PATH",
            help=_("Give this path an empty folder in memory or on the node. May be given several times."),
        ),
        click.option(
            "--move-ports",
            is_flag=True,
            help=_("Move ports below 1024 above, with every mention; the program has to listen there."),
        ),
        click.option("--keep-bind", is_flag=True, help=_("Keep NET_BIND_SERVICE where it was added.")),
        click.option(
            "--owned-volumes",
            is_flag=True,
            help=_("What lies in the volumes of compose files belongs to that user already."),
        ),
        click.option(
            "--network-policy", is_flag=True, help=_("Add a NetworkPolicy to begin with for pods that have none.")
        ),
    )
    for option in reversed(options):
        body = option(body)
    return body
