"""UC120: nothing says whether the container still works."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

RULE: Final = Rule(
    code="UC120",
    name="no-healthcheck",
    severity=Severity.NOTE,
    summary=N_("The image listens on a port and says nothing about how to tell that it works."),
    explanation=N_(
        "Docker and compose restart what does not answer only if they know what to ask. Kubernetes takes no notice of "
        "`HEALTHCHECK`: it has probes of its own."
    ),
    remedy=N_(
        "`HEALTHCHECK CMD` with a program that is in the image, and that runs as the same user without capabilities; "
        "`ping` does not. Where only Kubernetes runs it: ignore this rule, with that reason."
    ),
    aliases=("CIS 4.6", "DL3057"),
    before="FROM python:3.13\nUSER 10001\nEXPOSE 8080\nCMD python -m http.server 8080\n",
    after=(
        "FROM python:3.13\nUSER 10001\nEXPOSE 8080\n"
        "HEALTHCHECK CMD python -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:8080/\")'\n"
        "CMD python -m http.server 8080\n"
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it; what does not listen is mostly a tool, which has nothing to be asked."""
    told = subject.image.ending.get("HEALTHCHECK")
    if subject.image.ports and (told is None or told.text.strip().upper() == "NONE"):
        fix = Fix(_("add a HEALTHCHECK that runs as the same user"), safe=False)
        place = subject.at(told or subject.image.stage.origin)
        yield RULE.found(place, _("it listens on a port, and has no HEALTHCHECK"), fix=fix)


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    if image.ports and not image.healthcheck:
        message = _("{name}: it listens on a port, and has no HEALTHCHECK").format(name=image.name)
        yield RULE.found(Place(image.name), message)
