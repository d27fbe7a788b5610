"""``uc login``."""

import sys

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import PasswordSource
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.oci.registry import logins
from undercurrent.report import logins as view
from undercurrent.report.model import Report

__all__ = ["login"]


def _username(session: Session, given: str | None) -> str:
    if given is None and not session.interactive:
        raise UsageError(_("no user was named"), hint=_("name one with --username"))
    if given is not None:
        return given
    name: str = click.prompt(_("{prompt}: ").format(prompt=_("User")), prompt_suffix="", err=True)
    return name


def _password(session: Session, host: str, *, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.buffer.read().rstrip(b"\r\n")
    else:
        prompt = session.prompt(_("Password for {host}").format(host=host))
        password = PasswordSource("REGISTRY_PASSWORD", prompt=prompt, flag="--password-stdin")()
    try:
        return password.decode()
    except UnicodeDecodeError as error:
        raise UsageError(_("the password is not valid UTF-8")) from error


@command("login", help=_("Keep the credentials of a registry where docker, podman and skopeo find them too."))
@click.argument("host")
@click.option("-u", "--username", metavar="NAME", help=_("User, or the name of a token."))
@click.option("--password-stdin", is_flag=True, help=_("Read the password from standard input, not a prompt."))
async def login(session: Session, host: str, username: str | None, password_stdin: bool) -> Report:
    """Shows them to the registry, and keeps them if it accepts them."""
    user = _username(session, username)
    password = _password(session, host, from_stdin=password_stdin)
    async with Client(session.settings.net, observer=session.observer) as client:
        return view.logged_in(await logins.login(host, user, password, client=client))
