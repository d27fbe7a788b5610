"""The flags that say whom to believe: keys, identities together with a root of trust, notation's trust policy."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from undercurrent.cli.command import Session, setting
from undercurrent.errors import UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import NOTHING
from undercurrent.settings import Setting
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.workflows.trusting import believed

__all__ = ["maker_options", "refuse_beside_policy", "trust_of", "trust_options"]

_NAMES: Final = (
    "certificate_identity",
    "certificate_identity_regexp",
    "certificate_oidc_issuer",
    "certificate_oidc_issuer_regexp",
)
_INSTEAD: Final = {
    ("signing", "public_keys"): "--key",
    ("signing", "notation_trust_store"): "--notation-trust-store",
    ("signing", "notation_trust_policy"): "--notation-trust-policy",
    ("signing", "notation_crls"): "--notation-crl",
}
"""Settings that a policy has its own words for, and their flags."""
_NOTATION: Final = (("signing", "notation_trust_store"), ("signing", "notation_trust_policy"))


def trust_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command about images, which hands them to `trust_of`."""
    for name, field, several, metavar, help_text in (
        (
            "--notation-crl",
            "notation_crls",
            True,
            "FILE",
            _("Certificates that are revoked (CRL): a file or a folder."),
        ),
        (
            "--notation-trust-policy",
            "notation_trust_policy",
            False,
            "FILE",
            _("Whom of them to trust, for which images."),
        ),
        (
            "--notation-trust-store",
            "notation_trust_store",
            False,
            "DIR",
            _("Certificates to trust, as notation has them."),
        ),
    ):
        of, path = ("signing", field), click.Path(path_type=Path)
        body = setting(name, of=of, multiple=several, type=path, metavar=metavar, help=help_text)(body)
    return maker_options(body)


def maker_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags for keys and identities alone to a command, which hands them to `trust_of`."""
    body = setting(
        "--trusted-root",
        of=("signing", "trusted_root"),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Who vouches for identities and times: trusted_root.json; what a mirror says unless one is named."),
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
    """Whom the flags and the settings say to believe; takes the flags of `maker_options` out of ``flags``.

    Whoever names somebody by a flag asks for them: those in files and in the environment do not count then, unless
    they are of the same kind.

    Args:
        session: has the settings.
        flags: of the command.
        annotations: what signatures must say besides.

    Raises:
        UsageError: nobody is named, or half an identity.
        InvalidKey, BadContent, ConfigError: a key, the root of trust, or notation's configuration cannot be used.
        CouldNotCheck: no root of trust can be had that counts now.
    """
    names = tuple(flags.pop(name) for name in _NAMES)
    identities = (_pattern(*names),) if any(names) else ()
    flagged = {name for name, origin in session.loaded.origins.items() if origin.kind == "flag"}
    keys, notation = ("signing", "public_keys") in flagged, not flagged.isdisjoint(_NOTATION)
    anybody = not (keys or notation or identities)
    return await believed(
        session.settings,
        identities,
        annotations,
        keys=keys or anybody,
        notation=notation or anybody,
        observer=session.observer,
    )


def refuse_beside_policy(session: Session, flags: dict[str, Any], *, recursive: bool) -> None:
    """Refuses flags that say whom to believe where a policy says that; takes those of `trust_options` out of ``flags``.

    A policy that a file or the environment names holds as well: nobody gets around it by naming a key.

    Raises:
        UsageError: there is such a flag.
    """
    given = [f"--{name.replace('_', '-')}" for name in _NAMES if flags.pop(name)]
    given += [flag for setting_, flag in _INSTEAD.items() if _flagged(session, setting_)]
    given += ["--annotation"] if flags["annotation"] else []
    given += ["--recursive"] if recursive else []
    if given:
        policy = session.settings.signing.policy
        raise UsageError(
            _("{flags} and a policy exclude each other").format(flags=listed(given)),
            hint=_("{policy} says all of that: whom to trust, and for which platforms").format(policy=policy),
        )


def _flagged(session: Session, setting_: Setting) -> bool:
    origin = session.loaded.origins.get(setting_)
    return origin is not None and origin.kind == "flag"


def _pattern(subject: str, subject_regexp: str, issuer: str, issuer_regexp: str) -> IdentityPattern:
    if (subject and subject_regexp) or (issuer and issuer_regexp):
        raise UsageError(_("a name and an expression for it exclude each other"), hint=_("leave one of them out"))
    return IdentityPattern(
        subject or subject_regexp, issuer or issuer_regexp, bool(subject_regexp), bool(issuer_regexp)
    )
