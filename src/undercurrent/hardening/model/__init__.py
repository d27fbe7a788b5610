"""Who runs in an image, with what: worked out of its Dockerfile, its base images and its build context."""

from undercurrent.hardening.model.context import Context
from undercurrent.hardening.model.describing import describe, wanted_bases
from undercurrent.hardening.model.documented import configured, known
from undercurrent.hardening.model.nouns import (
    Account,
    BaseImage,
    Entrypoint,
    FinalImage,
    Identity,
    Need,
    Origin,
    Port,
    Runner,
    StatePath,
)

__all__ = [
    "Account",
    "BaseImage",
    "Context",
    "Entrypoint",
    "FinalImage",
    "Identity",
    "Need",
    "Origin",
    "Port",
    "Runner",
    "StatePath",
    "configured",
    "describe",
    "known",
    "wanted_bases",
]
