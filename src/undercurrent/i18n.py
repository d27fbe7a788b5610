"""Messages in the user's language: gettext catalogues, chosen once, before anything is printed.

Write ``_("{count} images").format(count=3)``: the string inside is the key of the catalogue, English is the
source. Codes, JSON keys and logs are never translated.
"""

import gettext
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["LANGUAGES", "activate", "from_environment", "gettext_noop", "language", "match", "ngettext", "translate"]

LANGUAGES: Final = ("en", "zh_CN")
_LOCALE_DIR: Final = Path(__file__).parent / "locale"

_active: gettext.NullTranslations = gettext.NullTranslations()
_language: str = "en"


def match(wanted: str) -> str | None:
    """The catalogue for a language tag or POSIX locale (``zh``, ``zh-Hans``, ``zh_CN.UTF-8``), or None."""
    name = wanted.partition(".")[0].replace("-", "_")
    if name in {"C", "POSIX", ""}:
        return "en"
    primary = name.partition("_")[0].lower()
    return next((known for known in LANGUAGES if known.partition("_")[0] == primary), None)


def from_environment(environ: Mapping[str, str] = os.environ) -> str:
    """The language that ``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` asks for, in gettext's order."""
    candidates: Sequence[str] = [
        *environ.get("LANGUAGE", "").split(":"),
        *(environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")),
    ]
    for candidate in candidates:
        if candidate and (found := match(candidate)):
            return found
    return "en"


def activate(wanted: str) -> None:
    """Speaks ``wanted`` (one of LANGUAGES, or anything `match` understands) from now on; else English."""
    global _active, _language  # noqa: PLW0603 - one process speaks one language; passing it along would touch every call
    _language = match(wanted) or "en"
    _active = gettext.translation("undercurrent", _LOCALE_DIR, [_language], fallback=True)


def language() -> str:
    """The language spoken now, one of LANGUAGES."""
    return _language


def translate(message: str) -> str:
    """The message in the language spoken now. Imported as ``_``."""
    return _active.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form that fits ``count``, in the language spoken now."""
    return _active.ngettext(one, many, count)


def gettext_noop(message: str) -> str:
    """Marks a message for the catalogue where it is stored, to be translated where it is shown."""
    return message
