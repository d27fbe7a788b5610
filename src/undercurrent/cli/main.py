"""The root command, and the way in: language first, then parsing, then one of the documented exit codes."""

import gc
import gettext
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from undercurrent import __version__, i18n
from undercurrent.cli.errors import show_error, show_usage_error
from undercurrent.cli.lazy import Entry, LazyGroup
from undercurrent.cli.printing import open_streams
from undercurrent.errors import Interrupted
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["COMMANDS", "language_of", "main", "root", "speak"]

_GARBAGE: Final = 100_000
"""New objects after which Python looks for those that only know each other; a small one has some hundred bytes."""

COMMANDS: Final = {
    "image": Entry("undercurrent.cli.image:group", N_("find, pack, sign, attest and verify images"), N_("Images")),
    "policy": Entry(
        "undercurrent.cli.policy:group", N_("say which images must be signed by whom, and try it out"), N_("Images")
    ),
    "harden": Entry(
        "undercurrent.cli.harden:group",
        N_("who runs as root and why: find it, mend it, prove it by running it"),
        N_("Images"),
    ),
    "demo": Entry(
        "undercurrent.cli.demo:demo", N_("watch the main job run on real images, here and now"), N_("Images")
    ),
    "sign-blob": Entry(
        "undercurrent.cli.sign_blob:sign_blob", N_("sign files, such as release artefacts"), N_("Files")
    ),
    "verify-blob": Entry("undercurrent.cli.verify_blob:verify_blob", N_("verify the signatures of files"), N_("Files")),
    "key": Entry("undercurrent.cli.key:group", N_("make, show and convert signing keys"), N_("Keys and registries")),
    "trust": Entry(
        "undercurrent.cli.trust:group", N_("the root of trust that vouches for identities"), N_("Keys and registries")
    ),
    "login": Entry("undercurrent.cli.login:login", N_("keep the credentials of a registry"), N_("Keys and registries")),
    "logout": Entry(
        "undercurrent.cli.logout:logout", N_("forget the credentials of a registry"), N_("Keys and registries")
    ),
    "plan": Entry(
        "undercurrent.cli.plan:group", N_("what could be done, what it returns and risks, until when"), N_("Standing")
    ),
    "status": Entry("undercurrent.cli.status:status", N_("where you stand, and what to do next"), N_("Standing")),
    "report": Entry(
        "undercurrent.cli.report:report", N_("where you stand, as a page to look at and to send"), N_("Standing")
    ),
    "serve": Entry("undercurrent.cli.serve:serve", N_("the same page live, for browsers and programs"), N_("Standing")),
    "evidence": Entry(
        "undercurrent.cli.evidence:group", N_("what was done, to what, and how it was proved"), N_("Standing")
    ),
    "rule": Entry("undercurrent.cli.rule:rule", N_("explain a finding's code"), N_("Standing")),
    "doctor": Entry(
        "undercurrent.cli.doctor:doctor", N_("what this machine has, and what it lacks"), N_("This installation")
    ),
    "config": Entry(
        "undercurrent.cli.config:group", N_("what is set, and where each value came from"), N_("This installation")
    ),
    "completion": Entry(
        "undercurrent.cli.completion:completion",
        N_("print a completion script for your shell"),
        N_("This installation"),
    ),
}


def language_of(args: Sequence[str]) -> str:
    """The language that the arguments ask for, else the environment: needed before anything is parsed."""
    for position, argument in enumerate(args):
        if argument == "--":
            break
        if argument == "--lang" and position + 1 < len(args):
            return args[position + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return i18n.from_environment()


def speak(language: str) -> None:
    """Speaks ``language``, else what the environment asks for, also in click's own messages.

    click asks the standard gettext, each time that it says something: that gets our catalogue, which has click's
    messages too (``cli/clickmessages.py``), and is told the language in the way that it knows.
    """
    i18n.activate(i18n.match(language) or i18n.from_environment())
    os.environ["LANGUAGE"] = i18n.language()
    gettext.bindtextdomain(i18n.DOMAIN, i18n.FOLDER)
    gettext.textdomain(i18n.DOMAIN)


def root() -> LazyGroup:
    """The root command, in the language spoken now."""
    group = LazyGroup(
        "undercurrent",
        entries=COMMANDS,
        help=_("Gets your containers signed, rootless, leak-aware, portable and paid for, and proves it."),
        epilog=_(
            "Exit codes: 0 clean, 1 findings or refused, 2 usage, 3 something is not installed, 4 could not check."
        ),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(__version__, prog_name="undercurrent", message="%(prog)s %(version)s")(group)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits.

    Args:
        args: the arguments; the process's own when None.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    # Looking for plug-ins of pydantic reads the metadata of every package that is installed; none is wanted here.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is imported stays: looking through all of it again and again takes a tenth of a short run.
    gc.set_threshold(_GARBAGE)
    open_streams()
    speak(language_of(arguments))
    try:
        sys.exit(_run(arguments))
    finally:
        # Python would look through everything once more before it ends: a fifth of a short run.
        gc.freeze()


def _run(arguments: Sequence[str]) -> int:
    try:
        return root().main(arguments, prog_name="uc", standalone_mode=False) or 0
    except click.UsageError as error:
        show_usage_error(error)
        return error.exit_code
    except click.Abort:
        show_error(Interrupted(_("interrupted")))
        return Interrupted.exit_code
    except BrokenPipeError:
        # The reader went away; what is still buffered must not raise again while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
