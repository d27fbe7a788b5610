"""Who runs in an image, with what: worked out of its Dockerfile, its base images and its build context."""

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
    "Entrypoint",
    "FinalImage",
    "Identity",
    "Need",
    "Origin",
    "Port",
    "Runner",
    "StatePath",
]
