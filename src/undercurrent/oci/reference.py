"""References: how people name an image in a registry.

The grammar is distribution's (https://github.com/distribution/reference/blob/v0.6.0/reference.go); the
defaults (``docker.io``, ``library/``, ``latest``) hold for Docker Hub and for nothing else.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from undercurrent.errors import InvalidReference
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest

__all__ = ["DOCKER_HUB", "Reference", "names_host"]

DOCKER_HUB: Final = "docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_IMAGE_ID: Final = re.compile(r"[a-f0-9]{64}")
_LONGEST_REPOSITORY: Final = 255
_LONGEST: Final = 1024
_PORT_DIGITS: Final = 5
_LAST_PORT: Final = 65_535


def _fail(text: str, why: str) -> InvalidReference:
    return InvalidReference(
        _("{text!r} is not an image reference: {why}").format(text=text[:200], why=why),
        hint=_("write [host[:port]/]name[:tag][@sha256:…], such as ghcr.io/acme/app:1.0"),
    )


def _check_host(text: str, host: str) -> None:
    if not _HOST.fullmatch(host):
        raise _fail(text, _("{host!r} is not a host").format(host=host))
    port = host.rpartition("]")[2].partition(":")[2]
    if port and (len(port) > _PORT_DIGITS or int(port) > _LAST_PORT):
        raise _fail(text, _("{port!r} is not a port").format(port=port[:20]))
    if not names_host(f"{host}/"):
        raise _fail(text, _("{host!r} may be a host or a path; write {host}:443").format(host=host))


def names_host(text: str) -> bool:
    """Whether ``text`` begins with a host, so that it means the same everywhere (``app:1.0`` does not)."""
    first, slash, _rest = text.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost" or first != first.lower())


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository in a registry, with a tag, a digest, both, or neither.

    Attributes:
        registry: host, with its port where one was given; Docker Hub is always ``docker.io``.
        repository: path in the registry; Docker Hub's official images carry their ``library/``.
        tag: "" where none was given.
        digest: None where none was given; where both are, the digest decides what is meant.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str, *, default_registry: str = DOCKER_HUB) -> "Reference":
        """What ``text`` names.

        Args:
            text: ``[host[:port]/]path[:tag][@digest]``.
            default_registry: where a name without a host lives; may carry a path, as in ``ghcr.io/acme``.

        Raises:
            InvalidReference: it does not parse.
        """
        if not text or len(text) > _LONGEST:
            raise _fail(text, _("it is empty") if not text else _("it is too long"))
        if _IMAGE_ID.fullmatch(text):
            raise _fail(text, _("it is an image id, which means nothing in a registry"))
        rest, at, digest_text = text.partition("@")
        digest = Digest(digest_text) if at else None
        head, slash, last = rest.rpartition("/")
        last, colon, tag = last.partition(":")
        if colon and not _TAG.fullmatch(tag):
            raise _fail(text, _("{tag!r} is not a tag").format(tag=tag[:140]))
        name = head + slash + last
        first, slash, path = name.partition("/")
        if names_host(name):
            registry = first
        else:
            registry, slash, prefix = default_registry.partition("/")
            path = f"{prefix}/{name}" if slash else name
        _check_host(text, registry)
        if not _REPOSITORY.fullmatch(path):
            if path != path.lower() and _REPOSITORY.fullmatch(path.lower()):
                raise _fail(text, _("a repository is written in lower case"))
            raise _fail(text, _("{path!r} is not a repository path").format(path=path[:200]))
        if registry.lower() in _HUB_NAMES:
            registry = DOCKER_HUB
            path = path if "/" in path else f"library/{path}"
        if len(path) > _LONGEST_REPOSITORY:
            raise _fail(text, _("the repository path is longer than 255 characters"))
        return cls(registry, path, tag, digest)

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What to ask the registry for: the digest if there is one, else the tag, else ``latest``."""
        return str(self.digest) if self.digest else self.tag or "latest"

    def with_digest(self, digest: Digest) -> "Reference":
        """The same repository and tag, at ``digest``."""
        return replace(self, digest=digest)

    def with_tag(self, tag: str) -> "Reference":
        """The same repository at ``tag``, with no digest."""
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")
