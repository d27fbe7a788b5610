"""What there is to find about how a container will run: UC1xx, a file for each rule."""

from typing import Final

from undercurrent.findings import Rule
from undercurrent.hardening.rules import manifests

__all__ = ["RULES"]

RULES: Final[tuple[Rule, ...]] = (*manifests.RULES,)
