"""Shell scripts, such as RUN has them: which commands there are, and which of their words are known."""

from undercurrent.hardening.shell.bodies import Body, bodies
from undercurrent.hardening.shell.interpreters import interpreter, is_shell
from undercurrent.hardening.shell.nouns import Command, Redirect, Script, Within
from undercurrent.hardening.shell.reading import script

__all__ = ["Body", "Command", "Redirect", "Script", "Within", "bodies", "interpreter", "is_shell", "script"]
