"""UC130: a Dockerfile that builds nothing."""

from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Place, Rule, Severity
from undercurrent.hardening.dockerfile.nodes import Dockerfile
from undercurrent.i18n import gettext_noop as N_

__all__ = ["RULE", "check_file"]

RULE: Final = Rule(
    code="UC130",
    name="not-buildable",
    severity=Severity.ERROR,
    summary=N_("The file does not build: its first mistake is named."),
    explanation=N_(
        "BuildKit refuses the file, so nobody can say what the image would be. A file that is made from a template, "
        "and is none yet, is one of the usual reasons."
    ),
    remedy=N_("Mend it, or leave the file out if it is no Dockerfile: `--exclude`."),
    before="FROM debian:12\nRUNN make\nUSER 10001\n",
    after="FROM debian:12\nRUN make\nUSER 10001\n",
)


def check_file(file: Dockerfile, name: str) -> Iterator[Finding]:
    """Finds it."""
    for fault in file.faults[:1]:
        yield RULE.found(Place(name, fault.line), fault.message)
