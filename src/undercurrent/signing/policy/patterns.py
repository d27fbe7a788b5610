"""Patterns of image names: ``ghcr.io/acme/**``, ``registry.example.com/prod/*:1.*``.

A name is compared as registries know it: the host in lower case and without ``:443``, Docker Hub as ``docker.io``
with its ``library/``, ``latest`` where a name has neither tag nor digest. So nobody gets around a pattern by another
spelling of the same image.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from undercurrent.errors import UndercurrentError, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest, is_digest
from undercurrent.oci.reference import DOCKER_HUB, Reference, names_host
from undercurrent.regex import Regex

__all__ = ["MAX_PATTERN", "ImagePattern", "glob"]

MAX_PATTERN: Final = 512
"""Characters of a pattern."""
_WILD: Final = re.compile(r"(\*\*|\*|\?)")
_MEANING: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def glob(pattern: str) -> Regex:
    """The expression for a pattern: ``*`` and ``?`` stay between two slashes, ``**`` crosses them; the rest is text.

    Raises:
        UsageError: it is empty, too long, or not with one meaning.
    """
    if not pattern or len(pattern) > MAX_PATTERN:
        raise UsageError(_("a pattern has 1 to {limit} characters").format(limit=MAX_PATTERN))
    if "***" in pattern:
        raise UsageError(_("{pattern!r} has three stars in a row").format(pattern=pattern))
    parts = _WILD.split(pattern)
    return Regex("(?s)" + "".join(_MEANING.get(part) or re.escape(part) for part in parts))


@dataclass(frozen=True)  # no slots: the compiled form is kept beside the text
class ImagePattern:
    """A pattern of image names.

    ``REPOSITORY[:TAG][@DIGEST]``. The repository begins with the host, as in ``docker.io/library/nginx``. Without a
    tag, every tag matches, and no tag at all; with one, only names that have a matching tag. A digest is compared
    with the image's own, whatever its name says.

    Attributes:
        text: as it was written.

    Raises:
        UsageError: it is no pattern, or one that cannot match anything.
    """

    text: str

    def __post_init__(self) -> None:
        _ = self._compiled

    @cached_property
    def _compiled(self) -> "tuple[Regex, Regex | None, Digest | None]":
        rest, at, digest = self.text.partition("@")
        repository, tag = _split(rest)
        if at and not digest:
            raise UsageError(_("{pattern!r} has no digest after @").format(pattern=self.text))
        if tag == "":
            raise UsageError(_("{pattern!r} has no tag after its colon").format(pattern=self.text))
        host, slash, path = repository.partition("/")
        if host.lower() == DOCKER_HUB and slash and "/" not in path and "**" not in path:
            raise UsageError(
                _("{pattern!r} matches nothing: every name on Docker Hub has two parts").format(pattern=self.text),
                hint=_("official images are written {name}").format(name=f"{DOCKER_HUB}/library/{path}"),
            )
        if slash and names_host(repository):
            repository = f"{host.lower().removesuffix(':443')}/{path}"
        return glob(repository), None if tag is None else glob(tag), Digest(digest) if at else None

    def matches(self, name: str, digest: Digest | None) -> bool:
        """Whether the image called ``name``, with that digest, is one of these.

        Args:
            name: a reference, or what the image is called in a layout, an archive or an engine.
            digest: of its manifest or index; a pattern with a digest matches nothing where that is not known.
        """
        repository, tag = _normalised(name)
        wanted_repository, wanted_tag, wanted_digest = self._compiled
        return (
            wanted_repository.matches(repository)
            and (wanted_tag is None or (tag is not None and wanted_tag.matches(tag)))
            and (wanted_digest is None or wanted_digest == digest)
        )


def _split(name: str) -> tuple[str, str | None]:
    """Repository and tag; a colon before the last slash is a port's."""
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    return head + slash + last, tag if colon else None


def _normalised(name: str) -> tuple[str, str | None]:
    if is_digest(name):
        return "", None
    bare, at, _digest = name.partition("@")
    repository, tag = _split(bare)
    if names_host(bare):
        try:
            reference = Reference.parse(repository)
            repository = f"{reference.registry.lower().removesuffix(':443')}/{reference.repository}"
        except UndercurrentError:
            pass  # a name in a layout may be anything; what is no reference is compared as it is
    return repository, tag if tag is not None or at else "latest"
