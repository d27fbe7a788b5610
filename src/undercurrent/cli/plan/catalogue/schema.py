"""``uc plan catalogue schema``."""

import json

import click

from undercurrent.cli.help import Command
from undercurrent.cli.options import language_option
from undercurrent.cli.printing import put
from undercurrent.i18n import translate as _

__all__ = ["schema"]


@click.command(
    "schema",
    cls=Command,
    params=[language_option()],
    help=_("Print the JSON Schema of catalogues: `uc plan catalogue schema > catalogue.schema.json`."),
)
def schema() -> None:
    """Prints it."""
    from undercurrent.planning.tables import schema as made  # noqa: PLC0415 - pydantic is not for `--help`

    put(json.dumps(made(), indent=2, ensure_ascii=False) + "\n")
