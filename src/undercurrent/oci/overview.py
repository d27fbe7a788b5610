"""What an image is at a glance: platforms, size, age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import MAX_MANIFEST, Manifest
from undercurrent.oci.store import read_blob

__all__ = ["Overview", "overview"]

_IMAGE_CONFIGS = frozenset({mediatypes.OCI_CONFIG, mediatypes.DOCKER_CONFIG})


@dataclass(frozen=True, slots=True)
class Overview:
    """An image at a glance.

    Attributes:
        platforms: what it runs on; empty for an artifact that does not run.
        size: bytes of its configurations and layers as they are stored, each counted once.
        created: when it was built, as its first platform says; None where it does not say.
    """

    platforms: tuple[Platform, ...]
    size: int
    created: datetime | None


async def overview(image: Image) -> Overview:
    """Reads the manifests of ``image``, and the configuration where only that tells the platform or the age.

    Raises:
        NotFound, BadContent, CouldNotCheck: they cannot be read.
    """
    parts: dict[str, Descriptor] = {}
    platforms: list[Platform] = []
    created: datetime | None = None
    for leaf in await image.platforms():
        manifest = await leaf.manifest()
        assert isinstance(manifest, Manifest)  # noqa: S101 - `platforms` goes through every index
        parts |= {part.digest: part for part in (manifest.config, *manifest.layers)}
        if manifest.config.media_type not in _IMAGE_CONFIGS or not leaf.descriptor.runs:
            continue
        platform = leaf.descriptor.platform
        if platform is None or not platforms:
            config = strictjson.loads_object(
                await read_blob(leaf.store, manifest.config, MAX_MANIFEST), str(manifest.config.digest)
            )
            created = created or _created(config)
            platform = platform or Platform.from_dict(config)
        platforms.append(platform)
    return Overview(tuple(platforms), sum(part.size for part in parts.values()), created)


def _created(config: Mapping[str, Any]) -> datetime | None:
    try:
        # Go writes nanoseconds, of which Python reads six digits.
        return datetime.fromisoformat(config["created"])
    except (KeyError, TypeError, ValueError):
        return None
