"""What every command shares: settings, language, output, errors, exit codes.

A command is a function (``async`` where it waits) that takes a `Session` and its own parameters, and returns a
Report. Everything else happens here, once.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from undercurrent.cli.errors import show_error
from undercurrent.cli.help import Command
from undercurrent.cli.options import language_option
from undercurrent.cli.printing import put
from undercurrent.errors import EnvironmentLacks, Interrupted, UndercurrentError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer

if TYPE_CHECKING:
    from undercurrent.report.model import Report
    from undercurrent.settings import Loaded, Setting, Settings

__all__ = ["Body", "Session", "command", "setting"]

Body: TypeAlias = "Callable[..., Report | Coroutine[Any, Any, Report | None] | None]"


@dataclass(frozen=True, slots=True)
class Session:
    """What a command runs with; ``output`` says how its result is printed, as `report.render.RENDERERS` names it."""

    loaded: "Loaded"
    observer: Observer
    interactive: bool
    output: str = "human"

    @property
    def settings(self) -> "Settings":
        """The settings that hold, flags included."""
        return self.loaded.settings

    def prompt(self, text: str) -> str:
        """``text``, or "" where nobody may be asked."""
        return text if self.interactive else ""


class _SettingOption(click.Option):
    """An option that overrides a setting; its value reaches the command inside ``session.settings``."""

    def __init__(self, *args: Any, setting: "Setting", **more: Any) -> None:
        super().__init__(*args, **more)
        self.setting = setting


def setting(*names: str, of: "Setting", **more: Any) -> Callable[[Body], Body]:
    """A flag for the setting ``of`` (group, field)."""
    return click.option(*names, cls=_SettingOption, setting=of, **more)


def _shared_options(*, has_output: bool) -> list[click.Parameter]:
    output = click.Option(
        ["-o", "--output"],
        type=click.Choice(["human", "json", "sarif", "markdown", "junit", "github"]),
        default="human",
        help=_("How to print the result."),
    )
    as_json = _("The same as --output json.") if has_output else _("Print the result as JSON.")
    return [
        *([output] if has_output else []),
        click.Option(["--json", "as_json"], is_flag=True, help=as_json),
        click.Option(["-q", "--quiet"], is_flag=True, help=_("Show no progress.")),
        click.Option(["--no-input"], is_flag=True, help=_("Never ask; fail where an answer is needed.")),
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=_("Read this file instead of undercurrent.toml."),
        ),
        language_option(),
    ]


def command(name: str, *, has_output: bool = True, **more: Any) -> Callable[[Body], click.Command]:
    """Makes a click command of a function.

    Args:
        name: what the user types.
        has_output: whether it has the shared ``--output``; else ``-o`` is its own.
        more: for `click.Command` (``help``, ``epilog``).
    """

    def decorate(body: Body) -> click.Command:
        # click's decorators leave what they declare on the function, the last one first.
        declared: list[click.Parameter] = getattr(body, "__click_params__", [])
        return Command(
            name,
            params=[*reversed(declared), *_shared_options(has_output=has_output)],
            callback=_wrapped(body),
            context_settings={"help_option_names": ["-h", "--help"]},
            **more,
        )

    return decorate


def _wrapped(body: Body) -> Callable[..., None]:
    def run(
        *, output: str = "human", as_json: bool, quiet: bool, no_input: bool, config: Path | None, **own: Any
    ) -> None:
        output = "json" if as_json else output
        context = click.get_current_context()
        flags = _take_settings(context, own)
        try:
            exit_code = _run(body, own, flags, output, config, quiet=quiet, interactive=not no_input)
        except KeyboardInterrupt:
            show_error(Interrupted(_("interrupted")), as_json=output == "json")
            exit_code = Interrupted.exit_code
        except UndercurrentError as error:
            show_error(error, as_json=output == "json")
            exit_code = error.exit_code
        except OSError as error:
            if error.filename is None:
                raise  # a bug: what this machine may refuse is about a file
            reason = _("{what}: {why}").format(what=error.filename, why=system_reason(error))
            show_error(EnvironmentLacks(reason), as_json=output == "json")
            exit_code = EnvironmentLacks.exit_code
        context.exit(exit_code)

    return run


def _take_settings(context: click.Context, own: dict[str, Any]) -> "dict[Setting, Any]":
    flags: dict[Setting, Any] = {}
    for parameter in context.command.params:
        if isinstance(parameter, _SettingOption) and parameter.name is not None:
            value = own.pop(parameter.name)
            if value not in (None, ()):
                flags[parameter.setting] = value
    return flags


def _run(
    body: Body,
    own: dict[str, Any],
    flags: "dict[Setting, Any]",
    output: str,
    config: Path | None,
    *,
    quiet: bool,
    interactive: bool,
) -> int:
    from undercurrent import settings  # noqa: PLC0415 - pydantic and rich are not for `--help`
    from undercurrent.report.progress import watching  # noqa: PLC0415

    loaded = settings.load(flags, file=config)
    with watching(quiet=quiet) as observer:
        session = Session(loaded, observer, interactive and sys.stdin.isatty(), output)
        result = body(session, **own)
        report = _finished(result) if isinstance(result, Coroutine) else result
    if report is None:
        return 0
    from undercurrent.report.render import RENDERERS  # noqa: PLC0415

    put(RENDERERS[output](report))
    return report.exit_code


def _finished(work: "Coroutine[Any, Any, Report | None]") -> "Report | None":
    """What ``work`` gives.

    Not as the result of the task: when it ends, `asyncio.run` restores the handler of SIGINT, and `signal` makes a text
    of the task and its result for an error that nobody sees. For a large report that takes a second.
    """
    kept: list[Report | None] = []

    async def keep() -> None:
        kept.append(await work)

    asyncio.run(keep())
    return kept[0]
