"""What BuildKit refuses in one instruction, though it can be read: flags that it does not know, arguments too many.

Rules as in `frontend/dockerfile/instructions/parse.go` (https://github.com/moby/buildkit, v0.34.2).
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias

from undercurrent.hardening.dockerfile.commands import Refusal
from undercurrent.hardening.dockerfile.heredocs import opener
from undercurrent.hardening.dockerfile.nodes import Flag, Instruction, Word
from undercurrent.hardening.dockerfile.substitution import BadSubstitution
from undercurrent.i18n import translate as _

__all__ = ["KEYWORDS", "Report", "check"]

_Kind: TypeAlias = Literal["yes-or-no", "once", "many"]

KEYWORDS: Final = frozenset(
    {
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    }
)  # fmt: skip
"""Every instruction there is."""

_FLAGS: Final[Mapping[str, Mapping[str, _Kind]]] = MappingProxyType(
    {
        "ADD": {
            "chown": "once",
            "chmod": "once",
            "checksum": "once",
            "link": "yes-or-no",
            "keep-git-dir": "yes-or-no",
            "unpack": "yes-or-no",
            "exclude": "many",
        },
        "COPY": {
            "chown": "once",
            "chmod": "once",
            "from": "once",
            "link": "yes-or-no",
            "parents": "yes-or-no",
            "exclude": "many",
        },
        "FROM": {"platform": "once"},
        "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), "once"),
        "RUN": {"mount": "many", "device": "many", "network": "once", "security": "once"},
    }
)
_UNCHECKED: Final = frozenset({"ARG", "STOPSIGNAL"})
"""Their flags are not even looked at."""

_ONE: Final = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_SOME: Final = frozenset({"ARG", "ENV", "EXPOSE", "LABEL", "SHELL", "VOLUME"})
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]*")
_DURATION: Final = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_MODES: Final = MappingProxyType({"network": ("default", "none", "host"), "security": ("insecure", "sandbox")})


class Report(Protocol):
    """Takes a fault: what is wrong, and on which line."""

    def __call__(self, message: str, line: int | None = None) -> None:
        """Takes one; without a line, it is where the reader is."""


def check(made: Instruction, refused: Refusal | None, report: Report, *, began: bool) -> None:
    """Reports what BuildKit refuses in an instruction.

    Args:
        made: the instruction.
        refused: why it could not be taken apart.
        report: takes what is wrong.
        began: there was a FROM before.
    """

    def fault(message: str) -> None:
        report(message, made.line)

    if made.keyword not in KEYWORDS:
        fault(_("there is no instruction “{keyword}”").format(keyword=made.keyword[:40]))
        return
    if not began and made.keyword not in ("FROM", "ARG"):
        fault(_("{keyword} stands before the first FROM").format(keyword=made.keyword))
    if refused:
        fault(_refusal(refused, made))
        return
    _check_flags(made, fault)
    words = made.words
    if made.keyword in _ONE and len(words) != 1:
        fault(_("{keyword} needs one argument").format(keyword=made.keyword))
    elif made.keyword in _SOME and not words:
        fault(_("{keyword} needs an argument").format(keyword=made.keyword))
    elif more := _MORE.get(made.keyword):
        more(made, fault)


def _refusal(refused: Refusal, made: Instruction) -> str:
    keyword = made.keyword
    if refused is Refusal.TOO_LONG:
        return _("the instructions are too long: this one is not read")
    if refused is Refusal.CHAIN:
        return _("an ONBUILD cannot trigger another ONBUILD")
    if refused is Refusal.NO_STRINGS:
        return _("the JSON array of {keyword} has something that is no string").format(keyword=keyword)
    if refused is Refusal.NO_VALUE:
        return _("{keyword} needs a name and a value").format(keyword=keyword)
    bare = next((word.text for word in made.words if "=" not in word.text), "")
    return _("there is no “=” in “{word}”, which {keyword} needs").format(word=bare[:40], keyword=keyword)


def _check_flags(made: Instruction, fault: Callable[[str], None]) -> None:
    if made.keyword in _UNCHECKED or (made.keyword == "HEALTHCHECK" and _first(made.words).upper() == "NONE"):
        return
    known, seen = _FLAGS.get(made.keyword, {}), set[str]()
    for flag in made.flags:
        kind = known.get(flag.name)
        if kind is None:
            message = _("{keyword} has no flag --{flag}")
        elif flag.name in seen and kind != "many":
            message = _("{keyword} has the flag --{flag} twice")
        elif (kind == "yes-or-no" and flag.value == "") or (kind != "yes-or-no" and flag.value is None):
            message = _("the flag --{flag} of {keyword} needs a value")
        elif kind == "yes-or-no" and (flag.value or "true").lower() not in ("true", "false"):
            message = _("the flag --{flag} of {keyword} is true or false")
        else:
            message = _known_value(flag)
        if message:
            fault(message.format(keyword=made.keyword, flag=flag.name[:40]))
        seen.add(flag.name)


def _known_value(flag: Flag) -> str:
    modes, value = _MODES.get(flag.name), flag.value or ""
    if modes and value not in modes:
        return _("the flag --{flag} of {keyword} has a value that does not exist")
    if flag.name == "from" and "$" in value.removesuffix("$"):
        return _("the flag --{flag} of {keyword} takes no variables: name a stage with FROM … AS, and use that")
    return ""


def _first(words: tuple[Word, ...]) -> str:
    return words[0].text if words else ""


def _from(made: Instruction, fault: Callable[[str], None]) -> None:
    words = [word.text for word in made.words]
    if len(words) == 3 and words[1].lower() == "as":  # noqa: PLR2004 — FROM base AS name
        if not _STAGE_NAME.fullmatch(words[2].lower()):
            fault(_("“{name}” cannot be the name of a stage").format(name=words[2][:40]))
    elif len(words) != 1:
        fault(_("FROM needs an image, or an image, AS, and a name"))


def _copy(made: Instruction, fault: Callable[[str], None]) -> None:
    if len(made.words) < 2:  # noqa: PLR2004 — from and to
        fault(_("{keyword} needs a source and a destination").format(keyword=made.keyword))
        return
    try:
        bad = opener(made.words[-1].text) is not None
    except BadSubstitution:
        bad = False
    if bad:
        fault(_("{keyword} cannot copy to a document").format(keyword=made.keyword))


def _healthcheck(made: Instruction, fault: Callable[[str], None]) -> None:
    kind, *rest = [word.text for word in made.words] or [""]
    if not kind:
        fault(_("{keyword} needs an argument").format(keyword=made.keyword))
    elif kind.upper() == "NONE":
        if rest:
            fault(_("HEALTHCHECK NONE takes no arguments"))
    elif kind.upper() != "CMD":
        fault(_("HEALTHCHECK needs CMD or NONE"))
    elif not rest:
        fault(_("HEALTHCHECK CMD needs a command"))
    else:
        for flag in made.flags:
            if flag.value and not _right(flag.name, flag.value):
                fault(_("“{value}” cannot be the value of --{flag}").format(value=flag.value[:40], flag=flag.name[:40]))


def _right(name: str, value: str) -> bool:
    if name == "retries":
        return value.removeprefix("+").isascii() and value.removeprefix("+").isdigit() and int(value[:11]) < 1 << 31
    return bool(_DURATION.fullmatch(value)) and not value.startswith("-")


def _onbuild(made: Instruction, fault: Callable[[str], None]) -> None:
    trigger = made.trigger
    if trigger is None:
        fault(_("{keyword} needs an argument").format(keyword=made.keyword))
    elif trigger.keyword == "ONBUILD":
        fault(_("an ONBUILD cannot trigger another ONBUILD"))
    elif trigger.keyword in ("FROM", "MAINTAINER"):
        fault(_("{keyword} cannot be triggered by ONBUILD").format(keyword=trigger.keyword))


def _shell(made: Instruction, fault: Callable[[str], None]) -> None:
    if not made.json:
        fault(_('SHELL needs a JSON array: SHELL ["/bin/sh", "-c"]'))


def _blank(made: Instruction, fault: Callable[[str], None]) -> None:
    if made.keyword == "VOLUME" and any(not word.text.strip() for word in made.words):
        fault(_("a path of VOLUME is empty"))
    elif made.keyword != "VOLUME" and any(word.text.startswith("=") for word in made.words):
        fault(_("a name of {keyword} is empty").format(keyword=made.keyword))


_MORE: Final[Mapping[str, Callable[[Instruction, Callable[[str], None]], None]]] = MappingProxyType(
    {
        "FROM": _from,
        "ADD": _copy,
        "COPY": _copy,
        "HEALTHCHECK": _healthcheck,
        "ONBUILD": _onbuild,
        "SHELL": _shell,
        "VOLUME": _blank,
        "ENV": _blank,
        "LABEL": _blank,
        "ARG": _blank,
    }
)
