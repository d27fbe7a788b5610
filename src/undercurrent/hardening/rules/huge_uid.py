"""UC107: useradd with a high id writes a huge, empty log of logins."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.numbers import as_number
from undercurrent.hardening.rules.subject import Call, Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_HIGH: Final = 100_000

RULE: Final = Rule(
    code="UC107",
    name="useradd-log",
    severity=Severity.WARNING,
    summary=N_("useradd with a high id and without -l makes the image large."),
    explanation=N_(
        "useradd makes room in `/var/log/lastlog` and `faillog` for every id up to the new one. On disk that file is "
        "full of holes; in a layer it may become gigabytes of zeros."
    ),
    remedy=N_("Add `-l` (`--no-log-init`), or take a lower id: 10001 does."),
    aliases=("DL3046",),
    before="FROM debian:12\nRUN useradd -u 1000700000 app\nUSER 1000700000\n",
    after="FROM debian:12\nRUN useradd -l -u 1000700000 app\nUSER 1000700000\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for call in subject.calls:
        uid = _uid(call) if call.program == "useradd" else 0
        if uid >= _HIGH and not call.has("-l", "--no-log-init"):
            message = _("useradd makes room for {uid} users in the log of logins").format(uid=uid)
            yield RULE.found(subject.at(call.line), message, fix=Fix(_("add -l"), safe=True), properties={"uid": uid})


def _uid(call: Call) -> int:
    arguments = call.arguments
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--uid" and equals:
            text = value
        elif name == "--uid" or (argument.startswith("-") and not name.startswith("--") and argument.endswith("u")):
            text = arguments[number + 1] if number + 1 < len(arguments) else ""
        elif argument.startswith("-u") and argument[2:].isdecimal():
            text = argument[2:]
        else:
            continue
        return as_number(text) or 0
    return 0
