"""Dockerfiles, read as BuildKit reads them, without losing a byte."""

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

__all__ = [
    "Blank",
    "Comment",
    "Directive",
    "Dockerfile",
    "Fault",
    "Flag",
    "Heredoc",
    "Instruction",
    "Logical",
    "Node",
    "Stage",
    "Word",
]
