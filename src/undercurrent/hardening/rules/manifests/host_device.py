"""UC163: a device of the host."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Rule, Severity
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.rules.manifests.subject import in_service, violations_of
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check_service"]

RULE: Final = Rule(
    code="UC163",
    name="host-device",
    severity=Severity.WARNING,
    summary=N_("A device of the host is in the container."),
    explanation=N_(
        "A disk gives all files of the host; a GPU or a tun device brings a driver of the kernel within reach."
    ),
    remedy=N_("Give only the device that is needed, and only the rights that are (`/dev/snd:/dev/snd:r`)."),
    aliases=("CIS 5.18",),
    before="devices:\n- /dev/sda:/dev/sda\n",
    after="devices: []\n",
    language="yaml",
)


def check_service(service: Service) -> Iterator[Finding]:
    """Finds it in a service."""
    for found in violations_of(service, "devices"):
        yield in_service(RULE, service, found, _("service {name} uses {value} of the host"))
