"""Groups whose commands are imported when they are run, not when they are listed.

Help and typing errors need names and one-line summaries; both stand in a table, so neither costs an import.
"""

import difflib
import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from undercurrent.cli.help import Context
from undercurrent.cli.options import language_option
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["Entry", "LazyGroup"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is (``module:attribute``), what it is for (one line, English), and its part of the help."""

    target: str
    summary: str
    section: str = ""


class LazyGroup(click.Group):
    """A group made from a table."""

    context_class = Context

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **more: Any) -> None:
        super().__init__(*args, params=[language_option()], **more)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002, D102 - click's signature
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002, D102
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _colon, attribute = entry.target.partition(":")
        with _certificates_unread():
            command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(  # noqa: D102
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], self.entries, 3, 0.5)
            message = _("There is no command {name!r}.").format(name=args[0])
            if close:
                message = _("There is no command {name!r}. Did you mean {names}?").format(
                    name=args[0], names=listed(close)
                )
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002, D102
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in self.entries.items():
            sections.setdefault(entry.section, []).append((name, _(entry.summary)))
        width = max(map(len, self.entries), default=0)
        for title, rows in sections.items():
            with formatter.section(_(title) if title else _("Commands")):
                formatter.write_dl([(name.ljust(width), summary) for name, summary in rows])


@contextmanager
def _certificates_unread() -> Iterator[None]:
    """Spares the time in which aiohttp reads the system's certificates, twice, when it is imported.

    `undercurrent.net` reads them itself, when it is about to need them, and hands them to aiohttp. What aiohttp would
    take instead trusts nobody then.
    """
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]
        os.environ.update(before)
