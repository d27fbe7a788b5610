"""The flag that chooses actions."""

import re
from collections.abc import Callable
from typing import Any, Final

import click

from undercurrent.i18n import translate as _

__all__ = ["ActionList", "actions_option"]

_BETWEEN: Final = re.compile(r"[\s,，、]+")


class ActionList(click.ParamType[tuple[str, ...]]):
    """Ids or numbers of actions, with commas between them: ``sign,rootless``, ``⑦,③``."""

    name = "actions"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: D102
        if isinstance(value, tuple):
            return value
        names = tuple(name for name in _BETWEEN.split(value) if name)
        if not names:
            self.fail(_("it names no action"), param, ctx)
        return names


def actions_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--actions``; its parameter is ``actions``, None where nobody chose."""
    text = _("The actions, in the order in which they are shown; all that return something where none are named.")
    return click.option("--actions", type=ActionList(), metavar="ID[,ID...]", help=text)(body)
