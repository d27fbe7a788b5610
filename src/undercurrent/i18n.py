"""Messages in the user's language: gettext catalogues, chosen once, before anything is printed.

Write ``_("{count} images").format(count=3)``: the string inside is the key of the catalogue, English is the
source. Codes, JSON keys and logs are never translated.
"""

import gettext
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

__all__ = [
    "DOMAIN",
    "FOLDER",
    "LANGUAGES",
    "SYSTEM_REASONS",
    "activate",
    "from_environment",
    "gettext_noop",
    "language",
    "listed",
    "match",
    "ngettext",
    "ngettext_noop",
    "speaking",
    "system_reason",
    "translate",
]

LANGUAGES: Final = ("en", "zh_CN")
DOMAIN: Final = "undercurrent"
FOLDER: Final = Path(__file__).parent / "locale"
"""Where the catalogues are."""
_NO_LANGUAGE: Final = frozenset({"C", "POSIX"})

_active: gettext.NullTranslations = gettext.NullTranslations()
_language: str = "en"
_meanwhile: ContextVar[tuple[gettext.NullTranslations, str] | None] = ContextVar("meanwhile", default=None)
"""What `speaking` speaks, in the thread or task that it was called in."""


def match(wanted: str) -> str | None:
    """The catalogue for a language tag or POSIX locale (``zh``, ``zh-Hans``, ``zh_CN.UTF-8``), or None."""
    primary = re.split("[-_.@]", wanted)[0]
    if primary in _NO_LANGUAGE:
        return "en"
    return next((known for known in LANGUAGES if known.partition("_")[0] == primary.lower()), None)


def from_environment(environ: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for, by the rules of gettext.

    The locale is the first of ``LC_ALL``, ``LC_MESSAGES`` and ``LANG`` that is set; ``LANGUAGE``, a list, goes before
    it, but not before ``C``: scripts set ``LC_ALL=C`` to read English.

    Source: https://www.gnu.org/software/gettext/manual/html_node/The-LANGUAGE-variable.html
    """
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    wanted = [locale] if locale in _NO_LANGUAGE else (environ.get("LANGUAGE") or locale).split(":")
    return next((found for candidate in wanted if (found := match(candidate))), "en")


def activate(wanted: str) -> None:
    """Speaks ``wanted`` (one of LANGUAGES, or anything `match` understands) from now on; else English."""
    global _active, _language  # noqa: PLW0603 - one process speaks one language; passing it along would touch every call
    _language = match(wanted) or "en"
    _active = gettext.translation(DOMAIN, FOLDER, [_language], fallback=True)


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Speaks ``wanted`` within the block, for a document that holds several languages; others speak on as they do."""
    name = match(wanted) or "en"
    token = _meanwhile.set((gettext.translation(DOMAIN, FOLDER, [name], fallback=True), name))
    try:
        yield
    finally:
        _meanwhile.reset(token)


def language() -> str:
    """The language spoken now, one of LANGUAGES."""
    meanwhile = _meanwhile.get()
    return meanwhile[1] if meanwhile else _language


def translate(message: str) -> str:
    """The message in the language spoken now. Imported as ``_``."""
    return _spoken().gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form that fits ``count``, in the language spoken now."""
    return _spoken().ngettext(one, many, count)


def _spoken() -> gettext.NullTranslations:
    meanwhile = _meanwhile.get()
    return meanwhile[0] if meanwhile else _active


def gettext_noop(message: str) -> str:
    """Marks a message for the catalogue where it is stored, to be translated where it is shown."""
    return message


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Likewise for a message with forms."""
    return one, many


def listed(items: Iterable[str]) -> str:
    """The items as one reads them in a sentence: ``a, b``."""
    return translate(gettext_noop(", ")).join(items)


def system_reason(error: OSError) -> str:
    """Why the system refused, in the language spoken now where it is a usual reason, else in the system's words."""
    return translate(error.strerror) if error.strerror else str(error)


SYSTEM_REASONS: Final = frozenset(
    {
        gettext_noop("Address already in use"),
        gettext_noop("Bad file descriptor"),
        gettext_noop("Broken pipe"),
        gettext_noop("Connection refused"),
        gettext_noop("Connection reset by peer"),
        gettext_noop("Connection timed out"),
        gettext_noop("Device or resource busy"),
        gettext_noop("Directory not empty"),
        gettext_noop("Disk quota exceeded"),
        gettext_noop("Exec format error"),
        gettext_noop("File exists"),
        gettext_noop("File name too long"),
        gettext_noop("Input/output error"),
        gettext_noop("Invalid argument"),
        gettext_noop("Invalid cross-device link"),
        gettext_noop("Is a directory"),
        gettext_noop("Network is unreachable"),
        gettext_noop("No route to host"),
        gettext_noop("No space left on device"),
        gettext_noop("No such file or directory"),
        gettext_noop("Not a directory"),
        gettext_noop("Operation not permitted"),
        gettext_noop("Permission denied"),
        gettext_noop("Read-only file system"),
        gettext_noop("Text file busy"),
        gettext_noop("Too many levels of symbolic links"),
        gettext_noop("Too many open files"),
    }
)
"""What C libraries say, for translators: ``strerror`` is no call that tools which gather messages see."""
