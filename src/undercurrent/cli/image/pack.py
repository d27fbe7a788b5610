"""``uc image pack``."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.pairs import pairs
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.packing.pack import ImageConfig, Source
from undercurrent.report import packing as view
from undercurrent.report.model import Report
from undercurrent.workflows.packing import pack_image

__all__ = ["pack"]


def _source(text: str, platform: str | None) -> Source:
    """``PATH`` or ``linux/arm64=PATH``."""
    left, equals, path = text.partition("=")
    if equals and left.count("/") in {1, 2} and not Path(text).exists():
        return Source(Path(path), Platform.parse(left))
    return Source(Path(text), Platform.parse(platform) if platform else None)


def _words(text: str) -> tuple[str, ...]:
    """A command as JSON (``["/app", "-v"]``) or as a shell would split it."""
    if text.startswith("["):
        try:
            words = json.loads(text)
        except ValueError as error:
            raise UsageError(_("{text!r} is no JSON list: {reason}").format(text=text, reason=error)) from error
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words)
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(
            _("{text!r} is not a command: a quotation mark or a backslash has no counterpart").format(text=text),
            hint=_('write it as JSON: ["/bin/app", "--name", "it\'s"]'),
        ) from error


def _owner(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    user, _colon, group = text.partition(":")
    try:
        return int(user), int(group or user)
    except ValueError as error:
        raise UsageError(
            _("--owner {text!r} is not UID:GID").format(text=text), hint=_("owners in images are numbers: 10001:10001")
        ) from error


@command("pack", help=_("Make an image from a folder or a root filesystem tar. The same input has the same digest."))
@click.argument("sources", nargs=-1, required=True, metavar="[PLATFORM=]PATH...")
@click.option("-t", "--tag", "name", required=True, metavar="REF", help=_("Name of the image."))
@click.option(
    "--layout",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("OCI layout to put it into, not the embedded store."),
)
@click.option("--push", is_flag=True, help=_("Put it into the registry that REF begins with."))
@click.option("--platform", metavar="OS/ARCH", help=_("What it runs on; this machine's platform when not given."))
@click.option("--entrypoint", default="", metavar="COMMAND", help=_("Command that runs, as JSON or words."))
@click.option("--cmd", default="", metavar="ARGS", help=_("Its arguments, as JSON or words."))
@click.option("--env", multiple=True, metavar="NAME=VALUE", help=_("Environment variable."))
@click.option(
    "--user",
    default="",
    metavar="USER",
    help=_("User that runs it; numbers can be checked by everybody (10001:10001)."),
)
@click.option("--workdir", default="", metavar="DIR", help=_("Working directory."))
@click.option("--label", multiple=True, metavar="NAME=VALUE", help=_("Label."))
@click.option("--port", multiple=True, metavar="PORT[/PROTO]", help=_("Port that it listens on."))
@click.option("--author", default="", metavar="NAME", help=_("Who made it."))
@click.option("--owner", metavar="UID:GID", help=_("Owner of every file; 0:0 for folders, as it stands in a tar."))
@click.option("--compression", type=click.Choice(["gzip", "zstd", "none"]), default="gzip", help=_("Of the layers."))
async def pack(session: Session, sources: tuple[str, ...], name: str, **flags: Any) -> Report:
    """Packs it."""
    config = ImageConfig(
        entrypoint=_words(flags["entrypoint"]),
        cmd=_words(flags["cmd"]),
        env=pairs(flags["env"], "--env"),
        labels=pairs(flags["label"], "--label"),
        ports=flags["port"],
        **{key: flags[key] for key in ("user", "workdir", "author")},
    )
    packed = await pack_image(
        [_source(text, flags["platform"]) for text in sources],
        name,
        config,
        session.settings,
        owner=_owner(flags["owner"]),
        observer=session.observer,
        **{key: flags[key] for key in ("layout", "push", "compression")},
    )
    return view.view(packed)
