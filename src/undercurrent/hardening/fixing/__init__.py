"""Fixes: Dockerfiles, and what goes with them, are changed so that their images run without root."""

from undercurrent.hardening.fixing.checking import check
from undercurrent.hardening.fixing.nouns import Change, FixPlan, Unfixed
from undercurrent.hardening.fixing.planning import plan

__all__ = ["Change", "FixPlan", "Unfixed", "check", "plan"]
