"""Reads of a built image what decides how it runs: its configuration, and the files that give rights to a user.

Layers are read header by header; nothing is unpacked. What an upper layer takes away (a whiteout) does not count.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.hardening.layers import layer_members, taken_away
from undercurrent.hardening.numbers import as_number
from undercurrent.hardening.rules.built import BuiltImage, SpecialFile
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.files.tarball import Kind, Member
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import MAX_MANIFEST, Manifest
from undercurrent.oci.store import read_blob

__all__ = ["inspect"]

_CONFIGS: Final = frozenset({mediatypes.OCI_CONFIG, mediatypes.DOCKER_CONFIG})
_ACCOUNTS_FILE: Final = "etc/passwd"
_MAX_ACCOUNTS: Final = 256 * 1024
_SUID: Final = 0o4000
_SGID: Final = 0o2000
_MAX_ID: Final = 2**32


async def inspect(image: Image) -> tuple[BuiltImage, ...]:
    """What is known of each platform of ``image``.

    Raises:
        Unsupported: it holds no container image, or a layer is of a kind that is not read here.
        NotFound, BadContent, CouldNotCheck: it cannot be read.
    """
    leaves = [leaf for leaf in await image.platforms() if leaf.descriptor.runs]
    found = []
    for leaf in leaves:
        manifest = await leaf.manifest()
        if isinstance(manifest, Manifest) and manifest.config.media_type in _CONFIGS:
            platform = f" ({leaf.descriptor.platform})" if len(leaves) > 1 and leaf.descriptor.platform else ""
            found.append(await _inspected(leaf, manifest, image.name + platform))
    if not found:
        raise Unsupported(_("{name} holds no container image").format(name=image.name))
    return tuple(found)


async def _inspected(leaf: Image, manifest: Manifest, name: str) -> BuiltImage:
    raw = await read_blob(leaf.store, manifest.config, MAX_MANIFEST)
    document = strictjson.loads_object(raw, str(manifest.config.digest))
    config = document.get("config") or {}
    if not isinstance(config, Mapping):
        raise BadContent(_("{name}: its configuration is not valid").format(name=name))
    files = _Files()
    for layer in manifest.layers:
        async for path, member, content in layer_members(leaf.store, layer, _MAX_ACCOUNTS):
            files.take(path, member, content)
        files.end_layer()
    user = _text(config.get("User"))
    return BuiltImage(
        name,
        str(leaf.digest),
        user,
        files.uid_of(user.partition(":")[0]),
        tuple(_ports(config.get("ExposedPorts"))),
        tuple(_environment(config.get("Env"))),
        (*_texts(config.get("Entrypoint")), *_texts(config.get("Cmd"))),
        _has_healthcheck(config.get("Healthcheck")),
        files.special(),
    )


class _Files:
    """The files that matter, as layer after layer leaves them."""

    def __init__(self) -> None:
        self._special: dict[str, SpecialFile] = {}
        self._passwd: dict[str, int] = {}
        self._above: dict[str, SpecialFile | None] = {}
        self._removed: list[str] = []

    def take(self, path: str, member: Member, content: bytes) -> None:
        """Takes a member of a layer."""
        if away := taken_away(path):
            gone, within = away
            self._removed += [f"{gone}/"] if within else [gone, f"{gone}/"]
        else:
            self._above[path] = _special(path, member, self._above, self._special)
            if path == _ACCOUNTS_FILE and member.kind is Kind.FILE:
                self._passwd = dict(_accounts(content))

    def end_layer(self) -> None:
        """What it has lies above what was there."""
        above, names = self._above, frozenset(self._removed)
        beginnings = tuple(one for one in names if one.endswith("/"))
        kept = {
            path: file
            for path, file in self._special.items()
            if path not in names and not (beginnings and path.startswith(beginnings)) and path not in above
        }
        self._special = kept | {path: file for path, file in above.items() if file is not None}
        self._above, self._removed = {}, []

    def special(self) -> tuple[SpecialFile, ...]:
        """Files that give rights, by path."""
        return tuple(self._special[path] for path in sorted(self._special))

    def uid_of(self, user: str) -> int | None:
        """The number of a user; of nobody named, 0."""
        if not user:
            return 0
        uid = as_number(user)
        return uid if uid is not None and uid < _MAX_ID else self._passwd.get(user)


def _special(
    path: str, member: Member, above: Mapping[str, SpecialFile | None], below: Mapping[str, SpecialFile]
) -> SpecialFile | None:
    """The file, if it gives rights; a hard link is the file that it leads to."""
    if member.kind is Kind.HARD_LINK:
        target = str(PurePosixPath(member.link.lstrip("/")))
        linked = above.get(target) or below.get(target)
        return linked and SpecialFile(f"/{path}", linked.suid, linked.sgid, linked.capabilities)
    if member.kind is not Kind.FILE:
        return None
    suid, sgid = bool(member.mode & _SUID), bool(member.mode & _SGID)
    # SGID without the right to execute for the group asks for locks, and gives nobody anything.
    sgid = sgid and bool(member.mode & 0o010)
    capabilities = bool(member.capability)
    return SpecialFile(f"/{path}", suid, sgid, capabilities) if suid or sgid or capabilities else None


def _accounts(content: bytes) -> Iterator[tuple[str, int]]:
    for line in content.decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if (uid := as_number("".join(fields[2:3]))) is not None:  # name, password, number
            yield fields[0], uid


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in value) if isinstance(value, list) else ()


def _ports(value: Any) -> Iterator[tuple[int, str]]:
    for text in sorted(value) if isinstance(value, Mapping) else ():
        number, _slash, protocol = str(text).partition("/")
        if number.isdecimal() and len(number) <= 5:  # noqa: PLR2004 - digits of 65535
            yield int(number), protocol or "tcp"


def _environment(value: Any) -> Iterator[tuple[str, str]]:
    for text in _texts(value):
        name, _equals, content = text.partition("=")
        yield name, content


def _has_healthcheck(value: Any) -> bool:
    test = _texts(value.get("Test")) if isinstance(value, Mapping) else ()
    return bool(test) and test[0] != "NONE"
