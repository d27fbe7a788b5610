"""What stands in the way of a fix, and why: nothing is rewritten by guess."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.fixing.families import program_of
from undercurrent.hardening.fixing.nouns import Unfixed
from undercurrent.hardening.model.nouns import FinalImage, Identity
from undercurrent.hardening.rules.needs_capability import REASONS
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["doubted", "impossible", "is_own"]

_BUILDERS: Final = MappingProxyType(
    {
        "mvn": "",
        "gradle": "",
        "gradlew": "",
        "mvnw": "",
        "cargo": "",
        "make": "",
        "go": "run",
        "dotnet": "run watch build test publish",
        "sbt": "",
        "lein": "",
    }
)
"""Programs that compile when they start, and the subcommands with which they do."""

_PRIVILEGED: Final = MappingProxyType(
    {
        "sshd": N_("it opens sessions as other users"),
        "cron": N_("it runs jobs as other users"),
        "crond": N_("it runs jobs as other users"),
        "dockerd": N_("it makes containers"),
        "containerd": N_("it makes containers"),
        "systemd": N_("it runs a whole system"),
        "init": N_("it runs a whole system"),
        "my_init": N_("it runs a whole system"),
        "openvpn": N_("it makes network devices"),
        "wg-quick": N_("it makes network devices"),
        "keepalived": N_("it changes the network's addresses"),
        "dhcpd": N_("it sends packets past the kernel's network"),
        "postfix": N_("it delivers mail as other users"),
        "dovecot": N_("it opens sessions as other users"),
        "smbd": N_("it opens sessions as other users"),
        "vsftpd": N_("it opens sessions as other users"),
        "supervisord": N_("it starts programs as other users: give each one a container of its own"),
    }
)


def impossible(image: FinalImage) -> Iterator[Unfixed]:
    """Reasons for which nothing can be done, whoever takes the risk."""
    name = image.dockerfile.name
    for fault in image.dockerfile.faults:
        yield Unfixed(
            "does-not-build", _("it does not build: {problem}").format(problem=fault.message), name, fault.line
        )
    if image.dockerfile.escape != "\\":
        yield Unfixed("windows", _("it continues lines as Windows does, which has no root"), name, 1)
    yield from _capabilities(image)
    if image.dockerfile.source.rstrip().endswith(image.dockerfile.escape):
        last = image.dockerfile.instructions[-1].line
        yield Unfixed("open-line", _("its last line goes on, and nothing follows"), name, last)
    program = program_of(image)
    if program in _PRIVILEGED:
        text = _("{program} needs root: {why}")
        yield Unfixed("needs-root", text.format(program=program, why=_(_PRIVILEGED[program])), name, _ending(image))
    if _compiles(image, program):
        text = _("{program} compiles when it starts, and writes to what root made: start what it builds instead")
        yield Unfixed("builds-at-start", text.format(program=program), name, _ending(image))
    if not image.entrypoint.command and not image.entrypoint.chain:
        yield Unfixed("starts-nothing", _("nothing says what it starts"), name, image.stage.origin.line)


def _capabilities(image: FinalImage) -> Iterator[Unfixed]:
    """Those that it cannot do without: all that have one reason at one place are one reason here."""
    name = image.dockerfile.name
    found: dict[tuple[str, int], list[str]] = {}
    for need in image.needs:
        if not need.avoidable:
            line = need.origin.line if need.origin.what == name else _ending(image)
            found.setdefault((need.why, line), []).append(need.capability)
    for (why, line), capabilities in found.items():
        text = _("it needs {capability} ({why}), and nothing is known that does without")
        said = _(REASONS[why]) if why in REASONS else why
        yield Unfixed("needs-capability", text.format(capability=listed(capabilities), why=said), name, line)


def _compiles(image: FinalImage, program: str) -> bool:
    if program not in _BUILDERS:
        return False
    words = [PurePosixPath(word).name for word in image.entrypoint.command]
    wanted = _BUILDERS[program].split()
    return not wanted or any(word in wanted for word in words[1:3])


def doubted(image: FinalImage, *, known: bool) -> Iterator[Unfixed]:
    """Reasons for which a fix is a guess; ``known`` is the server and its family."""
    name = image.dockerfile.name
    if image.runner.identity is Identity.UNKNOWN:
        line = image.lineage[-1].origin.line
        yield Unfixed(
            "unknown-user", _("who runs is not known: {reason}").format(reason=image.runner.reason), name, line
        )
    for doubt, origin in image.doubts:
        if known and origin.what == image.base_name:
            continue  # what is in that image is known to the family of its server
        line = origin.line if origin.what == name else _ending(image)
        yield Unfixed("not-understood", doubt, name, line)


def is_own(image: FinalImage, copied: tuple[str, ...]) -> bool:
    """Whether what is started is a service that the file itself built or copied, not a tool of a distribution.

    A tool is given files to work on, which belong to whoever calls it: another user could not write to them.
    """
    bare = image.base_name == "scratch" or (image.base is not None and image.base.shell is False)
    if not (image.ports or bare):
        return False
    for word in image.entrypoint.command[:3]:
        path = PurePosixPath(image.working_folder or "/") / word
        if "/" in word and not str(path).startswith(("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")):
            return True
        if any(PurePosixPath(target).name == word or str(path) == target for target in copied):
            return True
    return False


def _ending(image: FinalImage) -> int:
    found = [image.ending[keyword].line for keyword in ("ENTRYPOINT", "CMD") if keyword in image.ending]
    return max(found, default=image.stage.origin.line)
