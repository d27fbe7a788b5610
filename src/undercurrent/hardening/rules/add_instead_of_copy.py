"""UC119: ADD does more than it seems to."""

import re
from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Rule, Severity
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check"]

_REMOTE: Final = re.compile(r"(?:https?|ftp)://|git@|.*\.git(?:#.*)?$", re.IGNORECASE)
_ARCHIVE: Final = re.compile(r".*\.(?:tar|tgz|tar\.[a-z0-9]+|txz|tbz2?|gz|xz|bz2|zst)$", re.IGNORECASE)
_SHA: Final = re.compile(r".*#[0-9a-f]{40,64}(?::.*)?$")

RULE: Final = Rule(
    code="UC119",
    name="add-instead-of-copy",
    severity=Severity.NOTE,
    summary=N_("ADD where COPY would do, or ADD of something from the network that nobody checks."),
    explanation=N_(
        "`ADD` unpacks archives and downloads addresses, depending on what it is given. From the network it takes "
        "whatever is there today, as root, unless a checksum is named."
    ),
    remedy=N_("`COPY` for files; `ADD --checksum=sha256:…` for downloads. Archives that are to be unpacked may stay."),
    aliases=("CIS 4.9", "DL3020"),
    before="FROM debian:12\nADD app /app\nUSER 10001\n",
    after="FROM debian:12\nCOPY app /app\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it, in any stage."""
    for instruction in subject.file.instructions:
        sources = [word.text.strip("\"'") for word in instruction.words[:-1]] if instruction.keyword == "ADD" else []
        remote = [one for one in sources if _REMOTE.match(one)]
        if any(not _SHA.match(one) for one in remote) and instruction.flag("checksum") is None:
            fix = Fix(_("name its checksum: ADD --checksum=sha256:…"), safe=True)
            message = _("{address} is taken as it is today").format(address=remote[0])
            yield RULE.found(subject.at(instruction), message, fix=fix, severity=Severity.WARNING)
        elif sources and not remote and not any(_ARCHIVE.match(one) or "$" in one for one in sources):
            edits = subject.replaced(instruction.keyword_span, "COPY")
            fix = Fix(_("COPY instead"), safe=True, edits=edits)
            yield RULE.found(subject.at(instruction), _("COPY does the same, and nothing else"), fix=fix)
