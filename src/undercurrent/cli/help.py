"""Help pages: click's, in the user's language, in columns that Chinese keeps straight too."""

import re
from collections.abc import Iterable
from typing import Final

import click

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.report.wrapping import width, wrap

__all__ = ["PLACEHOLDERS", "Command", "Context", "HelpFormatter", "placeholders"]

PLACEHOLDERS: Final = frozenset(
    {
        N_("ARCH"),
        N_("ARGS"),
        N_("CASES"),
        N_("CODE"),
        N_("COMMAND"),
        N_("DATE"),
        N_("DIGEST"),
        N_("DIR"),
        N_("FILE"),
        N_("FOLDER"),
        N_("HOST"),
        N_("ID"),
        N_("IMAGE"),
        N_("ITEM"),
        N_("KEY"),
        N_("KIND"),
        N_("NAME"),
        N_("OPTIONS"),
        N_("OUTCOME"),
        N_("PATH"),
        N_("PATTERN"),
        N_("PLATFORM"),
        N_("PORT"),
        N_("PROBE"),
        N_("PROTO"),
        N_("RECORD"),
        N_("REF"),
        N_("REGEXP"),
        N_("RUN"),
        N_("SECONDS"),
        N_("SOURCE"),
        N_("TEXT"),
        N_("TIME"),
        N_("TO"),
        N_("TYPE"),
        N_("USER"),
        N_("VALUE"),
    }
)
"""The words in capitals that stand for what a user types."""

_NARROWEST: Final = 10
_WORD: Final = re.compile(r"[A-Z]{2,}")


def placeholders(text: str) -> str:
    """``text`` (``[IMAGE]...``) with its placeholders in the language spoken now."""
    return _WORD.sub(lambda word: _(word[0]) if word[0] in PLACEHOLDERS else word[0], text)


class HelpFormatter(click.HelpFormatter):
    """Measures in the cells of a terminal, where click counts characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: D102
        begin = " " * self.current_indent + (_("Usage: ") if prefix is None else prefix) + prog + " "
        indent = " " * width(begin)
        lines = wrap(placeholders(args), self.width - width(begin))
        self.write(begin + f"\n{indent}".join(lines) + "\n")

    def write_heading(self, heading: str) -> None:  # noqa: D102
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:  # noqa: D102
        indent = " " * self.current_indent
        paragraphs = (wrap(paragraph, self.width - len(indent)) for paragraph in re.split(r"\n\s*\n", text))
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in paragraphs) + "\n")

    def write_dl(  # noqa: D102
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        shown = [(placeholders(term), text) for term, text in rows]
        indent = " " * self.current_indent
        column = min(max((width(term) for term, _text in shown), default=0), col_max) + col_spacing
        for term, text in shown:
            lines = wrap(text, max(self.width - column - 2, _NARROWEST)) if text else []
            if not lines or width(term) > column - col_spacing:
                self.write(f"{indent}{term}\n")
            else:
                self.write(indent + term + " " * (column - width(term)) + lines.pop(0) + "\n")
            for line in lines:
                self.write(indent + " " * column + line + "\n")


class Context(click.Context):
    """click's, with these help pages."""

    formatter_class = HelpFormatter


class Command(click.Command):
    """click's, with these help pages."""

    context_class = Context
