"""Dockerfiles to begin with: an application's files that run as nobody, with no capability, and write nothing."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final

from undercurrent.errors import UsageError
from undercurrent.hardening.numbers import UID
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.runside import Published, RunSide, compose_options, resources
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["APP", "HIGHEST_ID", "KINDS", "LOWEST_ID", "PORT", "dockerfile", "template"]

KINDS: Final = ("alpine", "ubuntu", "python", "nodejs")
"""What there is a template for, in the order of their sizes."""

APP: Final = "myapp"
PORT: Final = 8080
"""What an application is called and listens on unless it is said."""

LOWEST_ID: Final = 10001
"""Lower numbers may be those of people and services of the machine (Kubernetes' checks KSV-0020 and KSV-0021)."""
HIGHEST_ID: Final = 2**31 - 1
"""Kubernetes takes no higher one (``runAsUser``, validated as IsValidUserID in k8s.io/apimachinery)."""
_HIGHEST_PORT: Final = 65535

_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,29}[a-z0-9])?")
"""Good for an image, a file, a user (31 characters in older useradds) and a Service of Kubernetes (RFC 1035)."""
_PLACE: Final = re.compile(r"@(APP|PORT|UID)@")
_OF_THE_BASES: Final = (
    "adm at audio backup bin cdrom cron cyrus daemon dialout dip disk fax floppy ftp games gnats guest halt "
    "irc kmem list lp mail man news node nobody nogroup ntp operator plugdev postmaster proxy readproc root "
    "sasl shadow shutdown smmsp squid src sshd staff sudo svn sync sys tape tty ubuntu users utmp uucp video "
    "voice vpopmail wheel www-data xfs"
)
"""Users and groups that the base images have: a second line for one of them would mean nothing."""


def template(kind: str, *, app: str = APP, port: int = PORT, uid: int = UID) -> Mapping[str, str]:
    """The files to begin with, by name.

    ``Dockerfile`` and ``.dockerignore`` build it, ``compose.yaml`` and ``kubernetes.yaml`` run it as it should be.

    Args:
        kind: one of `KINDS`.
        app: what the image, the program and the user in it are called.
        port: listened on, from 1024.
        uid: number of the user and the group, from 10001.

    Raises:
        UsageError: a value that cannot be used.
    """
    text = dockerfile(kind, app=app, port=port, uid=uid)
    run = RunSide(uid, uid, (Published(port, port),))
    image = f"{app}:rootless"
    service = {"build": ".", "image": image, **compose_options(run, app), "restart": "unless-stopped"}
    return {
        "Dockerfile": text,
        ".dockerignore": _read("dockerignore"),
        "compose.yaml": _yaml(_COMPOSE, [{"services": {app: service}}]),
        "kubernetes.yaml": _yaml(_KUBERNETES, resources(run, image, app)),
    }


_COMPOSE: Final = """\
# `docker compose up --build`. A path that the program writes to goes below `tmpfs:`, or is a volume.
"""
_KUBERNETES: Final = """\
# `kubectl apply --filename kubernetes.yaml`, once the image has the name of a registry. It passes Pod Security's
# "restricted". A path that the program writes to is an emptyDir, or a claim.
"""


def _yaml(about: str, documents: Iterable[Mapping[str, Any]]) -> str:
    import yaml  # noqa: PLC0415 - not for `--to -`

    return about + "---\n".join(yaml.safe_dump(dict(one), sort_keys=False) for one in documents)


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
            hint=_(
                "take up to 31 lower-case letters, digits and hyphens, a letter first, no user of the bases: my-app"
            ),
        )
    if not FIRST_FREE <= port <= _HIGHEST_PORT:
        raise UsageError(
            _("port {port} is not between {lowest} and {highest}").format(
                port=port, lowest=FIRST_FREE, highest=_HIGHEST_PORT
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
