"""Dockerfiles, read as BuildKit reads them, without losing a byte."""

from undercurrent.hardening.dockerfile.heredocs import copied
from undercurrent.hardening.dockerfile.nodes import (
    Blank,
    Comment,
    Directive,
    Dockerfile,
    Fault,
    Flag,
    Heredoc,
    Instruction,
    Logical,
    Node,
    Stage,
    Word,
)
from undercurrent.hardening.dockerfile.parsing import parse, unparse
from undercurrent.hardening.dockerfile.scopes import Pair, Scope, pairs, scopes
from undercurrent.hardening.dockerfile.stages import copied_from, lineage, stages, target
from undercurrent.hardening.dockerfile.substitution import BadSubstitution, Expansion, expand, expansion

__all__ = [
    "BadSubstitution",
    "Blank",
    "Comment",
    "Directive",
    "Dockerfile",
    "Expansion",
    "Fault",
    "Flag",
    "Heredoc",
    "Instruction",
    "Logical",
    "Node",
    "Pair",
    "Scope",
    "Stage",
    "Word",
    "copied",
    "copied_from",
    "expand",
    "expansion",
    "lineage",
    "pairs",
    "parse",
    "scopes",
    "stages",
    "target",
    "unparse",
]
