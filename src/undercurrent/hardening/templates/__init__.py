"""Dockerfiles to begin with: an application's files that run as nobody, with no capability, and write nothing."""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["APP", "HIGHEST_ID", "KINDS", "LOWEST_ID", "LOWEST_PORT", "PORT", "UID", "dockerfile", "template"]

KINDS: Final = ("alpine", "ubuntu", "python", "nodejs")
"""What there is a template for, in the order of their sizes."""

APP: Final = "myapp"
PORT: Final = 8080
UID: Final = 10001
"""What an application is called, listens on and runs as unless it is said."""

LOWEST_ID: Final = 10001
"""Lower numbers may be those of people and services of the machine (Kubernetes' checks KSV-0020 and KSV-0021)."""
HIGHEST_ID: Final = 2**31 - 1
"""Kubernetes takes no higher one (``runAsUser``, validated as IsValidUserID in k8s.io/apimachinery)."""
LOWEST_PORT: Final = 1024
"""Below it, listening needs CAP_NET_BIND_SERVICE."""
_HIGHEST_PORT: Final = 65535

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,29}[a-z0-9])?")
"""Good for an image, a service, a file and a user: RFC 1123, and the 31 characters of useradd(8) on Debian."""
_PLACE: Final = re.compile(r"@(APP|PORT|UID)@")
_OF_THE_BASES: Final = (
    "adm at audio backup bin cdrom cron cyrus daemon dialout dip disk fax floppy ftp games gnats guest halt "
    "irc kmem list lp mail man news node nobody nogroup ntp operator plugdev postmaster proxy readproc root "
    "sasl shadow shutdown smmsp squid src sshd staff sudo svn sync sys tape tty ubuntu users utmp uucp video "
    "voice vpopmail wheel www-data xfs"
)
"""Users and groups that the base images have: a second line for one of them would mean nothing."""


def template(kind: str, *, app: str = APP, port: int = PORT, uid: int = UID) -> Mapping[str, str]:
    """The files to begin with, by name: ``Dockerfile`` and ``.dockerignore``.

    Args:
        kind: one of `KINDS`.
        app: what the image, the program and the user in it are called.
        port: listened on, from 1024.
        uid: number of the user and the group, from 10001.

    Raises:
        UsageError: a value that cannot be used.
    """
    text = dockerfile(kind, app=app, port=port, uid=uid)
    return {"Dockerfile": text, ".dockerignore": _read("dockerignore")}


def dockerfile(kind: str, *, app: str = APP, port: int = PORT, uid: int = UID) -> str:
    """The Dockerfile alone, as `template` has it.

    Raises:
        UsageError: a value that cannot be used.
    """
    if kind not in KINDS:
        raise UsageError(_("there is no template {kind}; there is {kinds}").format(kind=kind, kinds=listed(KINDS)))
    if not _NAME.fullmatch(app) or app in _OF_THE_BASES.split():
        raise UsageError(
            _("{app!r} cannot name an application").format(app=app),
            hint=_("take up to 31 lower-case letters, digits and hyphens, and no user that base images have: my-app"),
        )
    if not LOWEST_PORT <= port <= _HIGHEST_PORT:
        raise UsageError(
            _("port {port} is not between {lowest} and {highest}").format(
                port=port, lowest=LOWEST_PORT, highest=_HIGHEST_PORT
            ),
            hint=_("listening below 1024 needs a capability; the service in front of it can have any port"),
        )
    if not LOWEST_ID <= uid <= HIGHEST_ID:
        raise UsageError(
            _("user {uid} is not between {lowest} and {highest}").format(uid=uid, lowest=LOWEST_ID, highest=HIGHEST_ID),
            hint=_("lower numbers may be those of people and services of the machine"),
        )
    values = {"APP": app, "PORT": str(port), "UID": str(uid)}
    return _PLACE.sub(lambda found: values[found[1]], _read(f"{kind}.Dockerfile"))


def _read(name: str) -> str:
    return (files(__package__ or "") / name).read_text("utf-8")
