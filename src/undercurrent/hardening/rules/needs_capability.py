"""UC122: the container cannot do without a capability, as it is."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["REASONS", "RULE", "check"]

_TOLD_ELSEWHERE: Final = frozenset({"low-port", "file-capability", "change-user"})
"""Those are UC108, UC111 and UC117."""

REASONS: Final = {
    "change-user": N_("it changes to another user"),
    "chown-at-start": N_("it changes the owner of files when it starts"),
    "chroot": N_("it changes its root folder"),
    "clock": N_("it sets the clock"),
    "containers": N_("it runs containers"),
    "device": N_("it uses a device of the host"),
    "file-capability": N_("a program carries capabilities"),
    "firewall": N_("it sets up a firewall"),
    "kernel-module": N_("it loads modules of the kernel"),
    "kernel-setting": N_("it changes settings of the kernel"),
    "login-server": N_("it lets users log in"),
    "low-port": N_("it listens below port 1024"),
    "mail-server": N_("it delivers mail as its users"),
    "mount": N_("it mounts"),
    "namespaces": N_("it makes namespaces"),
    "network-settings": N_("it changes the network"),
    "ping": N_("it pings"),
    "raw-packets": N_("it sends raw packets"),
    "trace": N_("it traces processes or the kernel"),
    "tunnel": N_("it makes a tunnel"),
    "users-at-start": N_("it makes users when it starts"),
}
"""Why a capability is needed, for people; of others the code stands for itself."""

RULE: Final = Rule(
    code="UC122",
    name="needs-capability",
    severity=Severity.WARNING,
    summary=N_("As it is, the container cannot do without a capability."),
    explanation=N_(
        "`--cap-drop ALL`, which Pod Security *restricted* asks for, would break it: something that it does when it "
        "starts or runs is allowed to root only. The finding names what, and where that can be seen."
    ),
    remedy=N_(
        "Do it in the build (owners of files), or do without (raw packets, mounts). `uc harden prove` shows by running "
        "it whether the rest works, and which call fails if not."
    ),
    confidence=0.8,
    before="FROM debian:12\nENTRYPOINT chown 10001 /data && exec /app\n",
    after='FROM debian:12\nRUN mkdir /data && chown 10001 /data\nUSER 10001\nENTRYPOINT ["/app"]\n',
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for need in subject.image.needs:
        if need.why in _TOLD_ELSEWHERE:
            continue
        reason = REASONS.get(need.why)
        why = _(reason) if reason else need.why
        message = _("needs {capability}: {why}").format(capability=need.capability, why=why)
        fix = Fix(_("do it in the build, or do without"), safe=False) if need.avoidable else None
        facts = {
            "capability": need.capability,
            "why": need.why,
            "avoidable": need.avoidable,
            "seen_in": need.origin.what,
        }
        yield RULE.found(subject.where(need.origin), message, fix=fix, properties=facts)
