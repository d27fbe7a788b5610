"""UC118: secrets that everybody who has the image can read."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from undercurrent.findings import Finding, Fix, Place, Rule, Severity
from undercurrent.hardening.dockerfile.nodes import Instruction
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.hardening.rules.secretnames import is_secret
from undercurrent.hardening.rules.subject import Subject
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _

__all__ = ["RULE", "check", "check_built"]

_KNOWN: Final = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abprs]-[\w-]{10,}|sk_live_[0-9A-Za-z]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""Keys of AWS, GitHub, GitLab, Slack and Stripe, and private keys, as they are written."""
_IN_ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@$]{1,200}:[^\s/@$]{1,200}@")
_FILES: Final = frozenset(
    {".env", ".netrc", ".npmrc", ".pypirc", ".git-credentials", "id_rsa", "id_ed25519", "id_ecdsa", "credentials.json"}
)

RULE: Final = Rule(
    code="UC118",
    name="secrets-inside",
    severity=Severity.ERROR,
    summary=N_("A secret is in the image or in its history."),
    explanation=N_(
        "`ENV` and `ARG` values stand in the configuration and in the history of the image, and a file that a later "
        "step deletes is still in its layer. Whoever can pull the image reads them. In a stage that is only copied "
        "from, they stay on the machines that build and in their caches."
    ),
    remedy=N_(
        "While building: `RUN --mount=type=secret,id=token …`, with `docker build --secret`. At run time: from the "
        "platform (a Kubernetes Secret, a file below `/run/secrets`). What was in an image has to be replaced."
    ),
    aliases=("CIS 4.10", "DS-0031"),
    confidence=0.8,
    before="FROM debian:12\nENV API_TOKEN=3f9c1d77\nUSER 10001\n",
    after=("FROM debian:12\nRUN --mount=type=secret,id=token,env=API_TOKEN ./fetch.sh\nUSER 10001\n"),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Finds it, in any stage: what is not in the image is in the caches of the machines that build."""
    inside = {id(instruction) for instruction in subject.instructions}
    for instruction in subject.file.instructions:
        for message, confidence in _told(instruction):
            severity = RULE.severity if id(instruction) in inside else Severity.WARNING
            fix = Fix(_("RUN --mount=type=secret while building, the platform's secrets at run time"), safe=False)
            yield RULE.found(subject.at(instruction), message, severity=severity, confidence=confidence, fix=fix)


def _told(instruction: Instruction) -> Iterator[tuple[str, float]]:
    text = instruction.text
    if _KNOWN.search(text) or any(_KNOWN.search(one.content) for one in instruction.heredocs):
        yield _("a key is written here"), 0.99
    elif instruction.keyword in {"ENV", "ARG"}:
        for name, value in _assigned(instruction):
            if is_secret(name, value) and "$" not in value:
                yield _("{name} is kept in the image's configuration or history").format(name=name), RULE.confidence
    elif instruction.keyword in {"COPY", "ADD"}:
        for word in instruction.words[:-1]:
            if PurePosixPath(word.text).name in _FILES:
                yield _("{file} mostly holds secrets, and is copied into a layer").format(file=word.text), 0.7
    elif instruction.keyword == "RUN" and _IN_ADDRESS.search(text):
        yield _("an address with a password is kept in the image's history"), RULE.confidence


def _assigned(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Names and values of ENV and ARG; ``ENV NAME value`` is one pair."""
    words = [word.text for word in instruction.words]
    if instruction.keyword == "ENV" and words and "=" not in words[0]:
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        name, _equals, value = word.partition("=")
        yield name, value.strip("\"'")


def check_built(image: BuiltImage) -> Iterator[Finding]:
    """Finds it in an image that is built."""
    for name, value in image.environment:
        if _KNOWN.search(value) or is_secret(name, value):
            message = _("{image}: {name} is kept in its configuration").format(image=image.name, name=name)
            yield RULE.found(Place(image.name), message, properties={"variable": name})
