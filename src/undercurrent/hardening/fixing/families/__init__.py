"""Families of servers, a file each: what each of them needs so that it runs without root."""

from typing import Final

from undercurrent.hardening.fixing.families import (
    apache,
    caddy,
    dotnet,
    haproxy,
    java,
    nginx,
    node,
    php,
    python,
    stores,
)
from undercurrent.hardening.fixing.families.recognising import Family, home, program_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import FinalImage, Identity

__all__ = ["FAMILIES", "Family", "family_of", "program_of", "steps"]

FAMILIES: Final[tuple[Family, ...]] = (
    nginx.FAMILY,
    apache.FAMILY,
    *stores.FAMILIES,
    php.FAMILY,
    haproxy.FAMILY,
    caddy.FAMILY,
    python.FAMILY,
    node.FAMILY,
    java.FAMILY,
    dotnet.FAMILY,
)
"""In the order in which they are asked."""


def family_of(image: FinalImage) -> Family | None:
    """The family that what the image starts belongs to; None if it is not known."""
    return next((family for family in FAMILIES if family.knows(image)), None)


def steps(family: Family | None, situation: Situation) -> Steps:
    """What it needs; where no family is known, a home folder if it goes from root to an account of its own."""
    if family:
        return family.steps(situation)
    leaves_root = situation.image.runner.identity is Identity.ROOT
    return Steps(environment=home(situation)) if leaves_root and situation.who.own else Steps()
