"""The flags that say whom to believe: keys, or identities together with a root of trust."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from undercurrent.cli.command import Session, setting
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import NOTHING
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.workflows.trusting import believed

__all__ = ["trust_of", "trust_options"]

_NAMES: Final = (
    "certificate_identity",
    "certificate_identity_regexp",
    "certificate_oidc_issuer",
    "certificate_oidc_issuer_regexp",
)


def trust_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command, which hands them to `trust_of`."""
    body = setting(
        "--trusted-root",
        of=("signing", "trusted_root"),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Who vouches for certificates and times: trusted_root.json, for certificates of a private instance."),
    )(body)
    for name, metavar, help_text in (
        ("--certificate-oidc-issuer-regexp", "REGEXP", _("The same, as a regular expression.")),
        ("--certificate-oidc-issuer", "URL", _("Who vouches for the identity.")),
        ("--certificate-identity-regexp", "REGEXP", _("The same, as a regular expression.")),
        ("--certificate-identity", "NAME", _("Identity to trust: an e-mail address or a URI, in a certificate.")),
    ):
        body = click.option(name, metavar=metavar, default="", help=help_text)(body)
    return setting(
        "--key",
        of=("signing", "public_keys"),
        multiple=True,
        metavar="FILE",
        help=_("Public key to trust; several may be named."),
    )(body)


async def trust_of(session: Session, flags: dict[str, Any], annotations: Mapping[str, str] = NOTHING) -> Trust:
    """Whom the flags and the settings say to believe; takes the flags of `trust_options` out of ``flags``.

    Whoever names an identity asks for that identity: keys from files and from the environment do not count then.

    Args:
        session: has the settings.
        flags: of the command.
        annotations: what signatures must say besides.

    Raises:
        UsageError: nobody is named, or half an identity.
        InvalidKey, BadContent: a key, or the root of trust, cannot be used.
    """
    names = tuple(flags.pop(name) for name in _NAMES)
    identities = (_pattern(*names),) if any(names) else ()
    origin = session.loaded.origins.get(("signing", "public_keys"))
    asked_for = origin is not None and origin.kind == "flag"
    return await believed(session.settings.signing, identities, annotations, keys=asked_for or not identities)


def _pattern(subject: str, subject_regexp: str, issuer: str, issuer_regexp: str) -> IdentityPattern:
    if (subject and subject_regexp) or (issuer and issuer_regexp):
        raise UsageError(_("a name and an expression for it exclude each other"), hint=_("leave one of them out"))
    return IdentityPattern(
        subject or subject_regexp, issuer or issuer_regexp, bool(subject_regexp), bool(issuer_regexp)
    )
