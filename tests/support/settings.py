"""Settings for tests that need more than the defaults."""

from undercurrent.settings import ImagesSettings, Settings

__all__ = ["with_images"]


def with_images(settings: Settings, **images: object) -> Settings:
    """``settings`` with these of images."""
    return settings.model_copy(update={"images": ImagesSettings.model_validate(images)})
