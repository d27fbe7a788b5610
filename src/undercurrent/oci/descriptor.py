"""Descriptors: what content is, how large, and its digest. Platforms: what an image runs on.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
"""

import base64
import platform as host
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from undercurrent.errors import BadContent, InvalidReference
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.oci.digest import Digest

__all__ = ["MAX_EMBEDDED", "NOTHING", "Descriptor", "Platform", "text_map"]

MAX_EMBEDDED: Final = 16 * 1024
"""Bytes of content that a descriptor of ours carries along; manifests must stay small."""

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_FIELDS: Final = frozenset({"mediaType", "digest", "size", "annotations", "artifactType", "platform", "urls", "data"})
_LARGEST: Final = 2**63 - 1
"""Bytes; the specification says int64."""
_OS_ARCH_VARIANT: Final = (2, 3)
_MACHINE: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def _nothing() -> Mapping[str, Any]:
    # A factory, because Python 3.11 takes a default that cannot be hashed for one that can be changed.
    return NOTHING


def text_map(value: object, what: str) -> Mapping[str, str]:
    """``value`` as a read-only map of text to text (annotations, labels); None is the empty map.

    Raises:
        BadContent: it is something else.
    """
    if value is None:
        return NOTHING
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise BadContent(_("{what} is not a map of text to text").format(what=what))
    return MappingProxyType(value)


@dataclass(frozen=True, slots=True)
class Platform:
    """``os/architecture[/variant]``, as Go names them. Fields that are not known here stay in ``extra``."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    extra: Mapping[str, Any] = field(default_factory=_nothing, compare=False)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """``linux/amd64`` or ``linux/arm/v7``.

        Raises:
            InvalidReference: it has another form.
        """
        parts = text.split("/")
        if len(parts) not in _OS_ARCH_VARIANT or not all(part.isascii() and part.isalnum() for part in parts):
            raise InvalidReference(
                _("{text!r} is not a platform").format(text=text),
                hint=_("write os/architecture or os/architecture/variant, such as linux/arm64"),
            )
        return cls(parts[0], parts[1], "".join(parts[2:]))

    @classmethod
    def of_this_machine(cls) -> "Platform":
        """``linux`` with this machine's architecture."""
        machine = host.machine()
        return cls("linux", _MACHINE.get(machine, machine))

    @classmethod
    def from_dict(cls, value: object) -> "Platform":
        """From a descriptor's ``platform`` or an image configuration.

        Raises:
            BadContent: a field has the wrong type.
        """
        if not isinstance(value, dict):
            raise BadContent(_("a platform is not an object"))
        known = {key: value.get(key, "") for key in ("os", "architecture", "variant", "os.version")}
        if not all(isinstance(item, str) for item in known.values()):
            raise BadContent(_("a platform has a field that is not text"))
        extra = {key: item for key, item in value.items() if key not in known}
        return cls(known["os"], known["architecture"], known["variant"], known["os.version"], MappingProxyType(extra))

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a descriptor."""
        named = {
            "architecture": self.architecture,
            "os": self.os,
            "os.version": self.os_version,
            "variant": self.variant,
        }
        return {**{key: item for key, item in named.items() if item}, **self.extra}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What content is. Fields that are not known here stay in ``extra``."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    artifact_type: str = ""
    platform: Platform | None = None
    extra: Mapping[str, Any] = field(default_factory=_nothing, hash=False)

    @property
    def embedded(self) -> bytes | None:
        """Its content, where that is carried along; it need not be what the digest says.

        See https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#embedded-content.

        Raises:
            BadContent: what is carried along is no base64.
        """
        data = self.extra.get("data")
        if data is None:
            return None
        try:
            return base64.b64decode(data, validate=True)
        except (TypeError, ValueError) as error:
            raise BadContent(_("descriptor {digest} has data that is not base64").format(digest=self.digest)) from error

    @property
    def runs(self) -> bool:
        """Whether it may be an image that runs. BuildKit lists attestations as platforms that are unknown.

        See https://docs.docker.com/build/metadata/attestations/attestation-storage/.
        """
        return self.platform is None or (self.platform.os, self.platform.architecture) != ("unknown", "unknown")

    @classmethod
    def of(cls, content: bytes, media_type: str, **more: Any) -> "Descriptor":
        """The descriptor of ``content``."""
        return cls(media_type, Digest.of(content), len(content), **more)

    @classmethod
    def embedding(cls, content: bytes, media_type: str) -> "Descriptor":
        """The descriptor of ``content`` that carries it along, as `embedded`, if it is small."""
        data = {"data": base64.b64encode(content).decode()} if len(content) <= MAX_EMBEDDED else {}
        return cls.of(content, media_type, extra=MappingProxyType(data))

    @classmethod
    def from_dict(cls, value: object) -> "Descriptor":
        """From JSON.

        Raises:
            BadContent: a required field is missing, or one has the wrong type.
        """
        if not isinstance(value, dict):
            raise BadContent(_("a descriptor is not an object"))
        strictjson.refuse_lookalikes(value, _FIELDS, _("a descriptor"))
        rest = dict(value)
        media_type, digest, size = (rest.pop(key, None) for key in ("mediaType", "digest", "size"))
        artifact_type = rest.pop("artifactType", "")
        if not (isinstance(media_type, str) and isinstance(digest, str) and isinstance(artifact_type, str)):
            raise BadContent(_("a descriptor lacks mediaType or digest"))
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
            raise BadContent(_("descriptor {digest} has no valid size").format(digest=digest[:80]))
        try:
            parsed = Digest(digest)
        except InvalidReference as error:
            raise BadContent(error.message) from error
        annotations = text_map(rest.pop("annotations", None), _("annotations of {name}").format(name=digest))
        platform = rest.pop("platform", None)
        return cls(
            media_type,
            parsed,
            size,
            annotations,
            artifact_type,
            None if platform is None else Platform.from_dict(platform),
            MappingProxyType(rest),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON; fields that were read and are not known here come back as they were."""
        value: dict[str, Any] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.platform is not None:
            value["platform"] = self.platform.to_dict()
        if self.annotations:
            value["annotations"] = dict(self.annotations)
        if self.artifact_type:
            value["artifactType"] = self.artifact_type
        return value | dict(self.extra)
