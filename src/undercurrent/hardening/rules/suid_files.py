"""UC110: files that run as their owner, whoever starts them."""

import re
from collections.abc import Iterator
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.subject import Call, Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

_OCTAL: Final = re.compile(r"0*[2-7][0-7]{3}")
_SYMBOLIC: Final = re.compile(r"(?:[ugoa]*[+=][rwxXt]*s[rwxXst]*)(?:,.*)?")
_SHOWN: Final = 5

RULE: Final = Rule(
    code="UC110",
    name="suid-files",
    severity=Severity.WARNING,
    summary=N_("Files in the image run as their owner, whoever starts them (SUID, SGID)."),
    explanation=N_(
        "Through a SUID file of root, a process that is not root becomes root. Base images bring some (`su`, `mount`, "
        "`passwd`, `newgrp`) that no container needs. `no-new-privileges` turns all of them off at run time, which an "
        "image cannot count on."
    ),
    remedy=N_(
        "Do not make them; take the mark from those that the base brings, before `USER`:\n\n"
        "```dockerfile\nRUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +\n```"
    ),
    aliases=("CIS 4.8", "CIS-DI-0008"),
    before="FROM debian:12\nCOPY helper /usr/local/bin/helper\nRUN chmod u+s /usr/local/bin/helper\nUSER 10001\n",
    after="FROM debian:12\nCOPY helper /usr/local/bin/helper\nUSER 10001\n",
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it."""
    for call in subject.calls:
        if call.program == "chmod" and (mode := _special_mode(call)):
            message = _("chmod {mode} makes a file that runs as its owner").format(mode=mode)
            fix = Fix(_("leave the mark out"), safe=False)
            yield RULE.found(subject.at(call.line), message, fix=fix, properties={"mode": mode})


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    paths = [file.path for file in image.files if file.suid or file.sgid]
    if paths:
        shown = listed(paths[:_SHOWN]) + (" …" if len(paths) > _SHOWN else "")
        message = _("{name}: SUID or SGID: {paths}").format(name=image.name, paths=shown)
        yield RULE.found(Place(image.name), message, properties={"paths": paths})


def _special_mode(call: Call) -> str:
    """The mode, if it sets SUID or SGID; SGID on folders (``g+s``, 2755) only hands their group on, but who knows."""
    mode = next((word for word in call.arguments if not word.startswith("-")), "")
    return mode if _OCTAL.fullmatch(mode) or _SYMBOLIC.fullmatch(mode) else ""
