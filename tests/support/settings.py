"""Settings for tests that need more than the defaults."""

from dataclasses import replace
from typing import Any

from undercurrent.settings import ImagesSettings, Settings

__all__ = ["with_images"]


def with_images(settings: Settings, **images: Any) -> Settings:
    """``settings`` with these of images."""
    return replace(settings, images=ImagesSettings(**images))
