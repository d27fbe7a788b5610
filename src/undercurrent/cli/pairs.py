"""``NAME=VALUE`` flags."""

from collections.abc import Sequence

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _

__all__ = ["pairs"]


def pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """Names and values.

    Raises:
        UsageError: a text has no ``=``, or nothing before it; ``flag`` is named.
    """
    parts = [text.partition("=") for text in texts]
    for name, equals, _value in parts:
        if not equals or not name:
            raise UsageError(_("{flag} {text!r} is not NAME=VALUE").format(flag=flag, text=name))
    return {name: value for name, _equals, value in parts}
