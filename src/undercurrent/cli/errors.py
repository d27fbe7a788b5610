"""How errors are shown: ours, and those of click in the same manner."""

import click

from undercurrent.cli.help import placeholders
from undercurrent.errors import UndercurrentError, UsageError
from undercurrent.i18n import translate as _

__all__ = ["show_error", "show_usage_error"]


def show_error(error: UndercurrentError, *, as_json: bool = False) -> None:
    """Prints an error for people on standard error, and for machines on standard output."""
    click.echo(_("error[{code}]: {message}").format(code=error.code, message=error.message), err=True)
    for line in error.hint.splitlines():
        click.echo("  " + _("hint: {hint}").format(hint=line), err=True)
    if as_json:
        from undercurrent.report.render import error_as_json  # noqa: PLC0415 - rich is not for typing errors

        click.echo(error_as_json(error), nl=False)


def show_usage_error(error: click.UsageError) -> None:
    """Prints what click found wrong with the arguments: how the command is used, the error, where to read more."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    hint = ""
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        hint = _("`{command} --help` shows what it takes").format(command=error.ctx.command_path)
    show_error(UsageError(_message(error), hint=hint))


def _message(error: click.UsageError) -> str:
    """What click says; where it names a parameter, in the words of the help page, and without English punctuation."""
    if not isinstance(error, click.BadParameter) or error.param is None:
        return error.format_message()
    name = placeholders(error.param.get_error_hint(error.ctx))
    if not isinstance(error, click.MissingParameter):
        return _("Invalid value for {param_hint}: {message}").format(param_hint=name, message=error.message)
    missing = _("Missing option {name}.") if isinstance(error.param, click.Option) else _("Missing argument {name}.")
    return missing.format(name=name)
