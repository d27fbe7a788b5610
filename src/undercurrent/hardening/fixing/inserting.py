"""What root does last, and the user after it: the block of instructions that is put into the final stage."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from undercurrent.hardening.dockerfile import Instruction
from undercurrent.hardening.fixing import accounts, ports, writing
from undercurrent.hardening.fixing.draft import Draft
from undercurrent.hardening.fixing.families import program_of
from undercurrent.hardening.fixing.nouns import Situation, Steps, Who
from undercurrent.hardening.model.nouns import FinalImage, Identity
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit

__all__ = ["current_user", "has_shell", "put", "unsettled"]

_ROOT: Final = frozenset({"", "0", "root"})


def has_shell(image: FinalImage) -> bool:
    """Whether RUN works in it: the base has a shell, or a RUN of the file says so."""
    if image.base is not None and image.base.shell is not None:
        return image.base.shell
    return image.base_name != "scratch" and any(
        one.keyword == "RUN" and not one.json for stage in image.lineage for one in stage.instructions
    )


def unsettled(image: FinalImage, steps: Steps) -> Steps:
    """The steps without what the file does already."""
    done = " ".join(" ".join(one.text.split()) for one in _runs(image))
    left = tuple(command for command in steps.commands if " ".join(command.split()) not in done)
    kept = image.environment
    variables = {name: value for name, value in steps.environment.items() if kept.get(name) != value}
    return replace(steps, commands=left, environment=variables)


def _runs(image: FinalImage) -> list[Instruction]:
    return [one for stage in image.lineage for one in stage.instructions if one.keyword == "RUN"]


def current_user(image: FinalImage, at: Instruction) -> str:
    """Who builds behind ``at``, an instruction of the target: as USER says it, without the group."""
    end = at.span.end
    own = [one for one in image.stage.instructions if one.keyword == "USER" and one.span.end <= end]
    above = [one for stage in reversed(image.lineage[1:]) for one in stage.instructions if one.keyword == "USER"]
    users = (*above, *own)
    if users:
        return users[-1].text.partition(":")[0]
    return image.base.user.partition(":")[0] if image.base else ""


def put(draft: Draft, situation: Situation, steps: Steps, owned: Sequence[str], *, because: str) -> None:
    """Puts it there, with whom it is for.

    Args:
        draft: of the plan.
        situation: the image, and who is going to run it.
        steps: what its family of servers needs.
        owned: folders to be made for who runs.
        because: why another user is no safe change; empty if it is.
    """
    image, who, dockerfile = situation.image, situation.who, situation.image.dockerfile
    end = writing.building_end(image.stage)
    commands = [*_account(draft, situation, steps, end), *steps.commands, *_home(draft, situation)]
    commands += _folders(draft, situation, owned, end)
    lines = []
    if commands:
        _tell(draft, steps, owned, end)
        root = current_user(image, end) in _ROOT
        lines += [] if root else [writing.instruction(dockerfile, "USER", "0")]
        lines += [writing.comment(steps.about)] if steps.about and steps.commands else []
        lines += [writing.run(dockerfile, commands)]
    lines += _variables(draft, steps, end)
    lines += _exposed(image, situation)
    bracketed = bool(commands) and current_user(image, end) not in _ROOT
    lines += _user(draft, who, end, because=because, bracketed=bracketed)
    if lines:
        draft.edit([writing.written(dockerfile, writing.after(dockerfile, end), lines)])


def _account(draft: Draft, situation: Situation, steps: Steps, end: Instruction) -> tuple[str, ...]:
    who = situation.who
    if not steps.account or who.own or any(one.uid == who.uid for one in situation.image.accounts):
        return ()
    commands = accounts.account_commands(who, situation.family)
    if not commands:
        draft.leave("account", _("it wants an entry in /etc/passwd, and nothing is known that makes one"), end.line)
    else:
        what = _("user {uid} gets an entry in /etc/passwd, which the program asks for").format(uid=who.uid)
        draft.change("account", what, end.line)
    return commands


def _home(draft: Draft, situation: Situation) -> list[str]:
    """What runs out of root's home folder can only be read where that may be entered."""
    image = situation.image
    words = (*image.entrypoint.command, image.working_folder, *image.environment.get("PATH", "").split(":"))
    used = next((word for word in words if word == "/root" or word.startswith("/root/")), "")
    command = "chmod a+rx /root"
    if not used or any(command in one.text for one in _runs(image)):
        return []
    line = writing.building_end(image.stage).line
    draft.change("home", _("/root may be read by all: {path} is used from there").format(path=used), line)
    return [command]


def _folders(draft: Draft, situation: Situation, owned: Sequence[str], end: Instruction) -> list[str]:
    image, who = situation.image, situation.who
    command = _made(owned, who)
    done = " ".join(" ".join(one.text.split()) for one in _runs(image))
    if not command or command in done:
        return []
    volume = next((one for one in image.stage.instructions if one.keyword == "VOLUME"), None)
    if volume is None or volume.span.start >= end.span.end or current_user(image, volume) not in _ROOT:
        return [command]
    # What is done to a volume's folder after VOLUME is lost where the old builder builds.
    dockerfile = image.dockerfile
    lines = [writing.run(dockerfile, [command])]
    draft.edit([writing.written(dockerfile, writing.before(dockerfile, volume), lines)])
    _tell_folders(draft, owned, volume.line)
    return []


def _made(owned: Sequence[str], who: Who) -> str:
    paths = " ".join(owned)
    return f"mkdir -p {paths} && chown -R {who.owner} {paths}" if owned else ""


def _tell(draft: Draft, steps: Steps, owned: Sequence[str], end: Instruction) -> None:
    if steps.commands:
        text = _("{program} is configured to run without root")
        program = program_of(draft.image) or draft.image.base_name
        draft.change("server", text.format(program=program), end.line)
    if owned and not any(change.kind == "state" for change in draft.changes):
        _tell_folders(draft, owned, end.line)


def _tell_folders(draft: Draft, owned: Sequence[str], line: int) -> None:
    what = _("folders that it writes to belong to its user: {paths}").format(paths=listed(list(owned)))
    draft.change("state", what, line)


def _variables(draft: Draft, steps: Steps, end: Instruction) -> list[str]:
    if not steps.environment:
        return []
    names = listed(list(steps.environment))
    draft.change("cache", _("it gets variables that it needs without root: {names}").format(names=names), end.line)
    return [writing.environment(draft.image.dockerfile, steps.environment)]


def _exposed(image: FinalImage, situation: Situation) -> list[str]:
    """EXPOSE for ports that were exposed by the base; those that the file names are changed there."""
    lines = [one.text for stage in image.lineage for one in stage.instructions if one.keyword == "EXPOSE"]
    known = ports.exposed(image)
    if any("$" in line for line in lines):
        return []
    lacking = [new for port, new in situation.moved.items() if port not in known and new not in known]
    return [writing.instruction(image.dockerfile, "EXPOSE", " ".join(map(str, lacking)))] if lacking else []


def _user(draft: Draft, who: Who, end: Instruction, *, because: str, bracketed: bool) -> list[str]:
    image = draft.image
    line = writing.instruction(image.dockerfile, "USER", who.text)
    own = [one for one in image.stage.instructions if one.keyword == "USER"]
    later = own[-1] if own and own[-1].span.start >= end.span.end else None
    if image.runner.identity is Identity.ROOTLESS:
        return _numbered(draft, who, line, bracketed=bracketed and later is None)
    draft.edit(who.creation)
    what = _("it runs as {user} instead of root").format(user=who.text)
    draft.change("user", what, later.line if later else end.line, because=because)
    if later is None:
        return [line]
    draft.edit([Edit(later.words[0].span, who.text)])
    return []


def _numbered(draft: Draft, who: Who, line: str, *, bracketed: bool) -> list[str]:
    """Of an image that runs as somebody already: the number instead of the name."""
    image = draft.image
    named = image.ending.get("USER")
    if image.runner.text.partition(":")[0].isdigit():
        return [line] if bracketed else []
    what = _("{user} is named by its number, {number}: Kubernetes cannot check names")
    place = named.line if named else image.stage.origin.line
    draft.edit(who.creation)
    whom = _("what it owns on volumes and on the host has to be given to {number} once").format(number=who.text)
    told = whom if who.renumbered else ""
    draft.change("user", what.format(user=image.runner.text, number=who.text), place, because=told)
    if named is None or bracketed:
        return [line]
    draft.edit([Edit(named.words[0].span, who.text)])
    return []
