"""How errors are shown: ours, and those of click in the same manner."""

import click

from undercurrent.cli.help import placeholders
from undercurrent.cli.printing import put
from undercurrent.errors import UndercurrentError, UsageError
from undercurrent.i18n import listed, system_reason
from undercurrent.i18n import translate as _
from undercurrent.report.plain import plain

__all__ = ["show_error", "show_usage_error"]


def show_error(error: UndercurrentError, *, as_json: bool = False) -> None:
    """Prints an error for people on standard error, and for machines on standard output."""
    for one in (error, *error.also):
        message = plain(one.message).replace("\n", "\\n")
        put(_("error[{code}]: {message}").format(code=one.code, message=message) + "\n", err=True)
        for line in one.hint.splitlines():
            put("  " + _("hint: {hint}").format(hint=plain(line)) + "\n", err=True)
    if as_json:
        from undercurrent.report.render import error_as_json  # noqa: PLC0415 - rich is not for typing errors

        put(error_as_json(error))


def show_usage_error(error: click.UsageError) -> None:
    """Prints what click found wrong with the arguments: how the command is used, the error, where to read more."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    hint = ""
    if error.ctx is not None:
        put(error.ctx.get_usage() + "\n", err=True)
        hint = _("`{command} --help` shows what it takes").format(command=error.ctx.command_path)
    show_error(UsageError(_message(error), hint=hint))


def _message(error: click.UsageError) -> str:
    """What click says; in the words of the help page, and where it joins sentences, without English punctuation."""
    match error:
        case click.NoSuchOption(option_name=name, possibilities=[*close]) if close:
            return _("There is no option {name!r}. Did you mean {names}?").format(name=name, names=listed(close))
        case click.MissingParameter(param=click.Option() as option):
            return _("Missing option {name}.").format(name=_name(option, error))
        case click.MissingParameter(param=click.Parameter() as argument):
            return _("Missing argument {name}.").format(name=_name(argument, error))
        case click.BadParameter(param=click.Parameter() as parameter):
            return _("Invalid value for {param_hint}: {message}").format(
                param_hint=_name(parameter, error), message=_reason(error)
            )
    return error.format_message()


def _name(parameter: click.Parameter, error: click.UsageError) -> str:
    return placeholders(parameter.get_error_hint(error.ctx))


def _reason(error: click.BadParameter) -> str:
    if not isinstance(error.__context__, OSError):
        return error.message
    what, _colon, _said = error.message.rpartition(": ")  # click takes the system's words as they are
    return _("{what}: {why}").format(what=what, why=system_reason(error.__context__))
