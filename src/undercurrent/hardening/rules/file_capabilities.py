"""UC111: files with capabilities do not even start without them."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

RULE: Final = Rule(
    code="UC111",
    name="file-capabilities",
    severity=Severity.WARNING,
    summary=N_("A program in the image carries capabilities of its own (setcap)."),
    explanation=N_(
        "With all capabilities dropped, such a file cannot be started at all, whatever it does: the kernel answers "
        "*operation not permitted*, also on a high port. And with them, whoever gets into the process has more than a "
        "user."
    ),
    remedy=N_(
        "Do without: listen on a port above 1024 instead of `cap_net_bind_service`. Where the base or a package brings "
        "it: `RUN setcap -r FILE` before `USER`."
    ),
    before=(
        "FROM debian:12\nCOPY server /server\nRUN setcap cap_net_bind_service=+ep /server\nUSER 10001\nEXPOSE 443\n"
    ),
    after="FROM debian:12\nCOPY server /server\nUSER 10001\nEXPOSE 8443\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for call in subject.calls:
        if call.program == "setcap" and not call.has("-r", "-v") and call.arguments:
            message = _("setcap gives a file {capabilities}: without them it will not start").format(
                capabilities=call.arguments[0]
            )
            fix = Fix(_("take setcap out, and listen above port 1024"), safe=False)
            yield RULE.found(subject.at(call.line), message, fix=fix, properties={"capabilities": call.arguments[0]})


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    paths = [file.path for file in image.files if file.capabilities]
    if paths:
        message = _("{name}: files with capabilities: {paths}").format(name=image.name, paths=listed(paths))
        yield RULE.found(Place(image.name), message, properties={"paths": paths})
