"""Parts of a return as people read them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Basis, Measure
from undercurrent.planning.money import shown
from undercurrent.planning.rounding import rounded
from undercurrent.planning.valuing import GIGABYTE, Part

__all__ = [
    "NOTHING",
    "basis_in_words",
    "cost_in_words",
    "moment_in_words",
    "named",
    "part_in_words",
    "percent_in_words",
    "yearly_in_words",
]

NOTHING: Final = "—"
"""Stands where there is no figure."""

_BASES: Final[Mapping[Basis, str]] = MappingProxyType(
    {Basis.ASSUMED: N_("assumed"), Basis.CLAIMED: N_("claimed"), Basis.MEASURED: N_("measured")}
)
_PARTS: Final[Mapping[Measure, str]] = MappingProxyType(
    {
        Measure.IMAGES_SIGNED: N_("{done} of {of} images signed"),
        Measure.IMAGES_WITH_SBOM: N_("{done} of {of} images with an SBOM"),
        Measure.IMAGES_VERIFIED: N_("{done} of {of} images verified"),
        Measure.IMAGES_ROOTLESS: N_("{done} of {of} images rootless"),
        Measure.DOCKERFILES_ROOTLESS: N_("{done} of {of} Dockerfiles rootless"),
        Measure.BYTES_COPIED: N_("{gigabytes} GB copied between registries within a year"),
    }
)


def named(action: Action) -> str:
    """What people call it: ``⑦ Cross-cloud signing``."""
    return f"{action.number} {action.name}".strip()


def percent_in_words(percent: Decimal | None) -> str:
    """``843%``; a dash where nothing is paid."""
    return NOTHING if percent is None else f"{percent:,f}%"


def basis_in_words(basis: Basis) -> str:
    """What a figure rests on."""
    return _(_BASES[basis])


def cost_in_words(monthly: Decimal, once: Decimal, currency: str) -> str:
    """``¥99/month``, ``¥3,000 once``, both, or ``¥0``."""
    parts = [_("{amount}/month").format(amount=shown(monthly, currency))] if monthly else []
    parts += [_("{amount} once").format(amount=shown(once, currency))] if once else []
    return " + ".join(parts) or shown(Decimal(0), currency)


def part_in_words(part: Part) -> str:
    """What was counted: ``3 of 5 images signed``."""
    share = part.share
    gigabytes = rounded(Fraction(share.done, GIGABYTE), 3)
    return _(_PARTS[share.measure]).format(done=share.done, of=share.of, gigabytes=f"{gigabytes:,}")


def yearly_in_words(amount: Decimal, currency: str) -> str:
    """``¥600/year``."""
    return _("{amount}/year").format(amount=shown(amount, currency))


def moment_in_words(at: datetime | None) -> str:
    """Local time to the minute; a dash where there is none."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else NOTHING
