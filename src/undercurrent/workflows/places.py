"""The places where images are looked for, as their user names them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from undercurrent.settings import ImagesSettings

__all__ = ["Places"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look; ``implied`` says that nobody named it, so that an engine which does not run is not missed."""

    registries: tuple[str, ...] = ()
    layouts: tuple[Path, ...] = ()
    archives: tuple[Path, ...] = ()
    engines: tuple[str, ...] = ()
    implied: bool = False

    def __bool__(self) -> bool:
        return any((self.registries, self.layouts, self.archives, self.engines))

    @classmethod
    def of(cls, images: ImagesSettings) -> "Places":
        """The places that ``undercurrent.toml`` names."""
        return cls(images.registries, images.layouts, images.archives, images.engines)

    def as_json(self) -> dict[str, list[str]]:
        """As JSON, to tell one request from another."""
        return {
            "registries": list(self.registries),
            "layouts": [str(path.absolute()) for path in self.layouts],
            "archives": [str(path.absolute()) for path in self.archives],
            "engines": list(self.engines),
        }

    @property
    def local(self) -> Iterable[str]:
        """Those that are asked without a registry, as `Stores.open` takes them."""
        yield from (f"oci:{path}" for path in self.layouts)
        yield from (f"oci-archive:{path}" for path in self.archives)
        yield from (f"{engine}:" for engine in self.engines)
