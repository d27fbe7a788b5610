"""The flag that chooses a kind of key."""

from collections.abc import Callable
from typing import Any

import click

from undercurrent.i18n import translate as _
from undercurrent.signing.keys import KeyKind

__all__ = ["kind_option"]


def kind_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds it to a command."""
    return click.option(
        "--kind",
        # Of an enumeration, click offers the names of members.
        type=click.Choice([kind.value for kind in KeyKind]),
        default=KeyKind.ECDSA_P256.value,
        callback=lambda _context, _parameter, value: KeyKind(value),
        help=_("Kind of key."),
    )(body)
