"""Who runs the first process of a container."""

import re
from typing import Final

from undercurrent.hardening.model.accounts import packaged
from undercurrent.hardening.model.building import Build
from undercurrent.hardening.model.nouns import Identity, Runner
from undercurrent.i18n import translate as _

__all__ = ["runner"]

_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_LARGEST: Final = 2**31 - 1


def runner(build: Build, *, drops: str = "") -> Runner:
    """Who runs in the image that was built.

    A name counts for what the passwd file makes of it; a number for itself. What is not known is "unknown".

    Args:
        build: the image.
        drops: the program with which its entrypoint becomes another user, or empty.
    """
    named = build.user
    if named.base and build.base is None:
        return _unknown(build, _base_is_not_known(build))
    if named.text is None:
        return _unknown(build, named.problem)
    user, _colon, group = named.text.partition(":")
    gid = _gid(build, group)
    uid = _uid(user)
    if uid is not None and not 0 <= uid <= _LARGEST:
        return _unknown(build, _("{user} is no number that a user can have").format(user=user))
    if uid is not None:
        return _known(build, uid, gid if group else _gid_of(build, uid), drops)
    return _by_name(build, user, gid, drops, in_group=bool(group))


def _by_name(build: Build, user: str, gid: int | None, drops: str, *, in_group: bool) -> Runner:
    """Of a name: what the passwd file makes of it."""
    account = build.accounts.users.get(user)
    if account is None and user == "root":
        return _known(build, 0, gid, drops)
    if account is not None:
        gid = gid if in_group else account.gid
        if account.uid == 0 and user != "root":
            reason = _("{user} is another name for user 0").format(user=user)
            return Runner(Identity.ROOT, build.user.text or "", 0, gid, build.user.origin, reason, drops)
        return _known(build, account.uid, gid, drops)
    if package := packaged(user, build.family, build.installs):
        reason = _("{user} is the user that the package {package} creates").format(user=user, package=package)
        return Runner(Identity.ROOTLESS, build.user.text or "", None, gid, build.user.origin, reason, drops)
    return _unknown(build, _("{user} is in no passwd file that is known here").format(user=user))


def _base_is_not_known(build: Build) -> str:
    if not build.base_name or "$" in build.base_name:
        return _("FROM names a build argument that has no value here")
    return _("no USER, and nothing is known of the base image {base}").format(base=build.base_name)


def _unknown(build: Build, reason: str) -> Runner:
    return Runner(Identity.UNKNOWN, build.user.text or "", None, None, build.user.origin, reason)


def _known(build: Build, uid: int | None, gid: int | None, drops: str) -> Runner:
    """Of somebody who is there; one whose uid nothing says is not root, whom nobody needs to create."""
    identity = Identity.ROOT if uid == 0 else Identity.ROOTLESS
    return Runner(identity, build.user.text or "", uid, gid, build.user.origin, _reason(build), drops)


def _reason(build: Build) -> str:
    user = build.user.text
    if not build.user.base:
        return f"USER {user}"
    if not user:
        return _("no USER, and the base image {base} runs as root").format(base=build.base_name)
    return _("no USER, and the base image {base} runs as {user}").format(base=build.base_name, user=user)


def _uid(user: str) -> int | None:
    """As runc reads it (Go's `strconv.Atoi`): a number with any sign; nobody named is 0."""
    if not user:
        return 0
    return int(user) if _NUMBER.fullmatch(user) and len(user) < 20 else None  # noqa: PLR2004 - more than fits


def _gid_of(build: Build, uid: int) -> int | None:
    return next(
        (account.gid for account in build.accounts.users.values() if account.uid == uid), 0 if not uid else None
    )


def _gid(build: Build, group: str) -> int | None:
    if not group:
        return None
    number = _uid(group)
    return number if number is not None else 0 if group == "root" else build.accounts.groups.get(group)
