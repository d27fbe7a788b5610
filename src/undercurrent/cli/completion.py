"""``uc completion``: prints what a shell needs to complete commands, options and values."""

import click
from click.shell_completion import get_completion_class

from undercurrent.cli.help import Command
from undercurrent.cli.main import root
from undercurrent.cli.options import language_option
from undercurrent.i18n import translate as _

__all__ = ["completion"]


@click.command(
    "completion",
    cls=Command,
    params=[language_option()],
    help=_("Print a completion script: `uc completion bash > ~/.local/share/bash-completion/completions/uc`."),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Prints the script for ``shell``."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows the three choices above
    click.echo(kind(root(), {}, "uc", "_UC_COMPLETE").source())
