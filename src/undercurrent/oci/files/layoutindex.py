"""The index.json of an OCI layout: which manifests it lists, and what they are called.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor

__all__ = ["MAX_INDEX_JSON", "REF_NAME", "VERSION", "Entry", "LayoutIndex", "check_version"]

REF_NAME: Final = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME: Final = "io.containerd.image.name"
"""What containerd and Docker call an image; their ``ref.name`` is only its tag."""

MAX_INDEX_JSON: Final = 64 * 1024 * 1024
"""Bytes that an index.json may have: some 200,000 entries."""


VERSION: Final = b'{"imageLayoutVersion":"1.0.0"}'
"""The content of the file oci-layout."""


def check_version(raw: bytes, what: str) -> None:
    """Takes the content of an oci-layout file; ``what`` names the layout in errors.

    Raises:
        BadContent: it is no such file.
        Unsupported: a version that is not read here.
    """
    version = strictjson.loads_object(raw, f"{what}: oci-layout").get("imageLayoutVersion")
    if not isinstance(version, str) or not version.startswith("1."):
        raise Unsupported(
            _("{what} has layout version {version!r}; version 1 is read").format(what=what, version=version)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the listed manifests. What cannot be read as a descriptor stays, and has no name and no digest."""

    value: Any = field(repr=False)
    text: str
    ref_name: str = ""
    containerd_name: str = ""
    digest: str = ""

    @classmethod
    def of(cls, value: Any) -> "Entry":
        """The entry that ``value``, an element of ``manifests``, makes."""
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if not isinstance(value, dict):
            return cls(value, text)
        annotations = value.get("annotations")
        named = annotations if isinstance(annotations, dict) else {}
        names = (named.get(REF_NAME), named.get(_CONTAINERD_NAME), value.get("digest"))
        return cls(value, text, *(name if isinstance(name, str) else "" for name in names))

    @property
    def descriptor(self) -> Descriptor:
        """What it names, without the annotations that are about the listing.

        Raises:
            BadContent: it is no descriptor.
        """
        full = Descriptor.from_dict(self.value)
        return Descriptor(full.media_type, full.digest, full.size)


@dataclass(frozen=True)
class LayoutIndex:
    """One version of an index.json. Unknown fields and entries survive in `dump`.

    Attributes:
        fields: the document, ``manifests`` being None.
        entries: its ``manifests``.
    """

    fields: Mapping[str, Any]
    entries: tuple[Entry, ...]

    @classmethod
    def empty(cls) -> "LayoutIndex":
        """That of a new layout."""
        fields = {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": None}
        return cls(MappingProxyType(fields), ())

    @classmethod
    def parse(cls, raw: bytes, what: str) -> "LayoutIndex":
        """The index that ``raw`` holds; ``what`` names it in errors.

        Raises:
            BadContent: it is none.
        """
        document = strictjson.loads_object(raw, what)
        manifests = document.get("manifests")
        if document.get("schemaVersion") != 2 or not isinstance(manifests, list | None):  # noqa: PLR2004 - the only version there is
            raise BadContent(_("{what} is not an image index").format(what=what))
        document["manifests"] = None
        return cls(MappingProxyType(document), tuple(Entry.of(value) for value in manifests or ()))

    def dump(self) -> bytes:
        """The document, ready to be written."""
        manifests = "[" + ",".join(entry.text for entry in self.entries) + "]"
        members = (
            json.dumps(key, ensure_ascii=False)
            + ":"
            + (manifests if key == "manifests" else json.dumps(value, separators=(",", ":"), ensure_ascii=False))
            for key, value in self.fields.items()
        )
        return ("{" + ",".join(members) + "}").encode()

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Where each digest is listed last."""
        return {entry.digest: place for place, entry in enumerate(self.entries) if entry.digest}

    @cached_property
    def _called(self) -> tuple[str, ...]:
        """What each entry is called.

        That is its ``ref.name``; where it has none, or shares it with another one (``docker save`` writes
        ``latest`` on every image), it is containerd's name.
        """
        shared = Counter(entry.ref_name for entry in self.entries)
        return tuple(
            entry.containerd_name
            if entry.containerd_name and (not entry.ref_name or shared[entry.ref_name] > 1)
            else entry.ref_name
            for entry in self.entries
        )

    @cached_property
    def names(self) -> Mapping[str, Entry]:
        """Entries by name, in order; the first of two with one name counts, as it does for skopeo."""
        found: dict[str, Entry] = {}
        for name, entry in zip(self._called, self.entries, strict=True):
            if name:
                found.setdefault(name, entry)
        return MappingProxyType(found)

    @cached_property
    def _aliases(self) -> Mapping[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.entries:
            for name in (entry.containerd_name, entry.digest):
                if name:
                    found.setdefault(name, entry)
        return found

    def find(self, name: str) -> Entry | None:
        """The entry of that name or digest."""
        return self.names.get(name) or self._aliases.get(name)

    def with_name(self, name: str, descriptor: Descriptor) -> "LayoutIndex":
        """``descriptor`` called ``name``, which means nothing else any more."""
        added = Entry.of(descriptor.to_dict() | {"annotations": {**descriptor.annotations, REF_NAME: name}})
        if [entry for called, entry in zip(self._called, self.entries, strict=True) if called == name] == [added]:
            return self
        return LayoutIndex(self.fields, (*self.without_name(name).entries, added))

    def with_entry(self, descriptor: Descriptor) -> "LayoutIndex":
        """``descriptor`` listed without a name, once."""
        if any(entry.digest == descriptor.digest and not entry.ref_name for entry in self.entries):
            return self
        return LayoutIndex(self.fields, (*self.entries, Entry.of(descriptor.to_dict())))

    def without_name(self, name: str) -> "LayoutIndex":
        """``name`` means nothing any more."""
        pairs = zip(self._called, self.entries, strict=True)
        return LayoutIndex(self.fields, tuple(entry for called, entry in pairs if called != name))
