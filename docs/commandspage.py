"""Writes the reference page about commands, from the commands themselves."""

# ruff: noqa: INP001 - a script beside the pages that it writes

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from undercurrent.i18n import language
from undercurrent.i18n import translate as _

__all__ = ["commands", "commands_page"]

_PACKAGE: Final = "undercurrent.cli"


def commands_page() -> str:
    """The page, in the language spoken now."""
    with _root() as root:
        found = list(commands(root))
        shared = _shared([command for _name, command in found])
        parts = [
            "# " + _("Commands"),
            _("`uc COMMAND --help` prints the same. `undercurrent` is the long name of `uc`."),
            "## " + _("Options of every command") + " {#shared}",
            _options(shared),
            *(_section(name, command, shared) for name, command in found),
        ]
    return "\n\n".join(parts)


def commands(command: click.Command, name: str = "uc") -> Iterator[tuple[str, click.Command]]:
    """Every command below ``command`` that can be run, with what is typed to run it."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command, info_name=name)
    for child in command.list_commands(context):
        below = command.get_command(context, child)
        assert below is not None  # noqa: S101 - it was listed
        yield from commands(below, f"{name} {child}")


@contextmanager
def _root() -> Iterator[click.Group]:
    """The commands in the language spoken now: they take it when they are imported, so that is done anew."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith(_PACKAGE)}
    environ = dict(os.environ)
    try:
        main = importlib.import_module(f"{_PACKAGE}.main")
        main.speak(language())
        yield main.root()
    finally:
        for name in [name for name in sys.modules if name.startswith(_PACKAGE)]:
            del sys.modules[name]
        sys.modules |= kept
        os.environ.clear()
        os.environ.update(environ)


def _shared(found: list[click.Command]) -> list[click.Option]:
    """The options that most commands have, and ``--help``, which click adds."""
    counted: dict[str, list[click.Option]] = {}
    for command in found:
        for option in _own(command):
            counted.setdefault(option.opts[-1], []).append(option)
    return [same[0] for same in counted.values() if len(same) > len(found) * 2 // 3]


def _section(name: str, command: click.Command, shared: list[click.Option]) -> str:
    context = command.context_class(command, info_name=name)
    common = {option.opts[-1] for option in shared}
    own = [option for option in _own(command) if option.opts[-1] not in common]
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    return "\n\n".join(
        (
            f"## {name}",
            _("{sentence}.").format(sentence=(command.help or "").rstrip(".")),
            f"```text\n{_translated(usage)}\n```",
            *([_options(own)] if own else []),
        )
    )


def _own(command: click.Command) -> list[click.Option]:
    context = command.context_class(command, info_name="")
    return [parameter for parameter in command.get_params(context) if isinstance(parameter, click.Option)]


def _options(options: list[click.Option]) -> str:
    rows = [" | ".join(("", _("option"), _("meaning"), "")).strip(), "|---|---|"]
    for option in options:
        record = option.get_help_record(click.Context(click.Command("")))
        assert record is not None  # noqa: S101 - no option is hidden
        names, text = (part.replace("|", "&#124;") for part in record)
        rows.append(f"| <code>{_translated(names)}</code> | {text} |")
    return "\n".join(rows)


def _translated(text: str) -> str:
    return str(importlib.import_module(f"{_PACKAGE}.help").placeholders(text))
