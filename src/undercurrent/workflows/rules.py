"""Every rule there is, of every capability, by code."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from undercurrent.errors import NotFound
from undercurrent.findings import Rule
from undercurrent.hardening import rules as hardening
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.signing import rules as signing

__all__ = ["RULES", "find_rule"]

_PACKAGES: Final = (hardening, signing)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    dict(sorted((rule.code, rule) for package in _PACKAGES for rule in package.RULES))
)
"""Rules by code, in order."""


def find_rule(text: str) -> Rule:
    """The rule with that code (``UC201``) or name (``image-unsigned``), whatever their case.

    Raises:
        NotFound: there is none.
    """
    by_name = {rule.code.lower(): rule for rule in RULES.values()} | {rule.name: rule for rule in RULES.values()}
    wanted = text.strip().lower()
    if wanted in by_name:
        return by_name[wanted]
    close = dict.fromkeys(by_name[name].code for name in difflib.get_close_matches(wanted, by_name, 3))
    hint = _("did you mean {names}?").format(names=listed(close)) if close else _("`uc rule` lists them all")
    raise NotFound(_("there is no rule {name!r}").format(name=text), hint=hint)
