"""Whom a container is to run as: the account that the file meant, the one that a server has always had, or a number.

In numbers in any case: Kubernetes cannot check ``runAsNonRoot`` for a name.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from undercurrent.hardening.dockerfile.nodes import Dockerfile, Instruction
from undercurrent.hardening.fixing import dropping
from undercurrent.hardening.fixing.families import Family
from undercurrent.hardening.fixing.nouns import Who
from undercurrent.hardening.model.nouns import Account, FinalImage
from undercurrent.hardening.shell import script
from undercurrent.splices import Edit, Span

__all__ = ["account_commands", "choose", "created", "numbered"]

_Source: TypeAlias = Callable[[int], int]
_FIRST: Final = 1000
_LAST: Final = 60_000
"""What ``useradd`` and ``adduser`` give to people: UID_MIN and UID_MAX of ``/etc/login.defs``."""
_MAKERS: Final = frozenset({"useradd", "adduser"})
_NUMBERED: Final = re.compile(r"(?:^|\s)(?:-u|--uid)(?:[=\s]|\d|$)")


def choose(image: FinalImage, uid: int | None, default: int, family: Family | None) -> Who:
    """Whom an image that begins as root is to run as.

    Args:
        image: it.
        uid: asked for; None leaves it to this.
        default: the number where there is nobody better.
        family: of its server.
    """
    if uid is not None:
        return Who(uid, uid)
    base = image.base
    if family and family.account and (family.keeps or family.account in image.dockerfile.source):
        for account in image.accounts:
            if account.name == family.account and account.uid and not account.origin.line:
                return Who(account.uid, account.gid, own=True)
    meant = _meant(image)
    if meant is not None and (who := numbered(image, meant, default)):
        return who
    if base and base.user not in ("", "0", "root") and (who := _of_base(image, base.user)):
        return who
    return Who(default, default)


def _meant(image: FinalImage) -> Account | None:
    """The account that the file makes, or changes to at start, and then forgets."""
    ending = [image.ending[keyword] for keyword in ("ENTRYPOINT", "CMD") if keyword in image.ending]
    named = [name for one in ending if (name := dropping.named_in(one))]
    here = [one for one in image.accounts if one.origin.line and one.origin.what == image.dockerfile.name]
    by_name = {one.name: one for one in image.accounts if one.name != "root"}
    wanted = [by_name[name] for name in named if name in by_name]
    found = wanted or here
    return found[-1] if found else None


def _of_base(image: FinalImage, user: str) -> Who | None:
    name = user.partition(":")[0]
    if name.isdigit():
        return Who(int(name), None, own=True)
    known = next((one for one in image.accounts if one.name == name and one.uid), None)
    return Who(known.uid, known.gid, own=True) if known and known.uid else None


def numbered(image: FinalImage, account: Account, default: int, *, running: bool = False) -> Who | None:
    """The number of an account; one is given to it where the file makes it without. None if nobody knows.

    The group is left to the passwd file, which has the others as well that it is in.

    Args:
        image: that has it.
        account: it.
        default: the number that is given.
        running: it is who runs already: the number that it gets today, if that can be told, is kept.
    """
    if account.uid:
        return Who(account.uid, None, own=True, line=account.origin.line)
    if account.uid == 0 or not account.origin.line:
        return None
    found = created(image.dockerfile, image, account.name)
    if found is None:
        return None
    one, place, system = found
    kept = _FIRST if running and not system and _is_first(image) else 0
    edit = Edit(Span(place, place), f" --uid {kept or default}")
    return Who(kept or default, None, own=True, creation=(edit,), line=one.line, renumbered=running and not kept)


def _is_first(image: FinalImage) -> bool:
    """Whether an account that is made gets the first number: there is one in the file, and none like it below."""
    here = [one for one in image.accounts if one.origin.line and one.origin.what == image.dockerfile.name]
    below = [one for one in image.accounts if not one.origin.line and (one.uid or 0) in range(_FIRST, _LAST)]
    return image.base is not None and bool(image.base.accounts) and len(here) == 1 and not below


def created(dockerfile: Dockerfile, image: FinalImage, name: str) -> tuple[Instruction, int, bool] | None:
    """The RUN that makes an account, the place behind ``useradd`` or ``adduser`` there, and whether for a system."""
    for stage in image.lineage:
        for one in stage.instructions:
            if one.keyword == "RUN" and not one.json:
                for text, begins in _scripts(dockerfile, one):
                    made = _maker(text, name)
                    if made is not None:
                        return one, begins(made[0]), made[1]
    return None


def _scripts(dockerfile: Dockerfile, one: Instruction) -> Iterator[tuple[str, _Source]]:
    """The shell texts of a RUN, and for each what tells where in the file its characters stand."""
    if not one.heredocs:
        yield one.text, lambda offset: one.logical.source(one.arguments.start + offset)
    for document in one.heredocs:
        if not document.chomp:
            yield document.body.of(dockerfile.source), document.body.start.__add__


def _maker(text: str, name: str) -> tuple[int, bool] | None:
    found = script(text)
    if not found.understood:
        return None
    for command in found.commands:
        words = command.words
        if words and words[0] in _MAKERS and name in words[1:] and not _NUMBERED.search(command.span.of(text)):
            system = any(word and (word == "--system" or re.fullmatch(r"-[a-zA-Z]*[rS]", word)) for word in words)
            return text.index(words[0], command.span.start) + len(words[0]), system
    return None


def account_commands(who: Who, family: str, name: str = "app") -> tuple[str, ...]:
    """Commands that make an entry in the passwd file, with what the image has for that; none if nobody knows what.

    Debian's ``useradd`` without ``--no-log-init`` writes a sparse file as long as the number is high:
    https://github.com/moby/moby/issues/5419
    """
    if family == "apk":
        return (f"addgroup -g {who.gid or who.uid} {name}", f"adduser -D -H -u {who.uid} -G {name} -h /tmp {name}")
    if family in ("apt", "dnf", "yum", "microdnf", "zypper", "pacman"):
        group = f"groupadd --gid {who.gid or who.uid} {name}"
        user = f"useradd --no-log-init --uid {who.uid} --gid {name} --no-create-home --home-dir /tmp {name}"
        return (group, user)
    return ()
