"""Images that stand in for public ones where no registry is reachable: what there is, and where they are kept.

Real Dockerfiles begin with ``FROM python:3.13-slim``. What stands here under such a name is Debian with Debian's
packages, laid out, configured and started as the public image is, as far as applications depend on it; ``alpine`` is
busybox. Recipes and scripts are ours, in tests/peers/bases; ``make peers`` builds them (`tests.peers.bases`).
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.support.peers import PEERS_CACHE

__all__ = ["BASES", "BASES_STORE", "KEPT_AS", "Base", "base"]

RECIPES: Final = Path(__file__).parent.parent / "peers" / "bases"
BASES_STORE: Final = PEERS_CACHE / "bases"
"""Storage of containers (overlay) that all recipes of all clones share; each image is named by its recipe's content."""
KEPT_AS: Final = "localhost/undercurrent/bases"
_EDITION: Final = "1"
"""Another one where an image has to be built again though its recipe is the same: newer packages."""


@dataclass(frozen=True)
class Base:
    """A stand-in.

    Attributes:
        name: folder of its recipe.
        tags: the public images that it stands for, without ``docker.io/library/``.
        of: the stand-in that it is built on; "" for none.
        wheels: what is done with the wheels in its requirements.txt: ``unpacked`` into ``site``, or ``kept`` in
            ``wheels``.
    """

    name: str
    tags: tuple[str, ...]
    of: str = "debian"
    wheels: str = ""

    @property
    def recipe(self) -> Path:
        """Its folder."""
        return RECIPES / self.name

    @cached_property
    def key(self) -> str:
        """Content of its recipe and of all below it."""
        digest = hashlib.sha256(f"{_EDITION} {base(self.of).key if self.of else ''} {self.wheels}".encode())
        for file in sorted(self.recipe.rglob("*")):
            if file.is_file():
                digest.update(f"\0{file.relative_to(self.recipe)}\0".encode() + file.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def image(self) -> str:
        """What it is called in the store."""
        return f"{KEPT_AS}/{self.name}:{self.key}"

    @property
    def names(self) -> tuple[str, ...]:
        """What Dockerfiles call it."""
        return tuple(f"docker.io/{tag}" if "/" in tag else f"docker.io/library/{tag}" for tag in self.tags)


BASES: Final = (
    Base(
        "debian",
        (
            "debian:bookworm-slim",
            "debian:bookworm",
            "debian:12-slim",
            "debian:stable-slim",
            "ubuntu:24.04",
            "ubuntu:22.04",
        ),
        of="",
    ),
    Base("alpine", ("alpine:3.22", "alpine:3.20", "alpine:latest", "busybox:1.36", "busybox:latest")),
    Base("buildpack-deps", ("buildpack-deps:bookworm", "buildpack-deps:24.04", "gcc:12", "gcc:12-bookworm")),
    Base(
        "python",
        ("python:3.11-slim", "python:3.12-slim", "python:3.13-slim", "python:3.11", "python:3-slim"),
        wheels="kept",
    ),
    Base("node", ("node:24-slim", "node:22-slim", "node:20-slim", "node:18-slim", "node:22"), wheels="unpacked"),
    Base("golang", ("golang:1.25-alpine", "golang:1.25", "golang:1.22", "golang:1.21"), wheels="unpacked"),
    Base("temurin-jre", ("eclipse-temurin:17-jre",)),
    Base("temurin-jdk", ("eclipse-temurin:17-jdk", "openjdk:17-jdk-slim"), of="temurin-jre"),
    Base("nginx", ("nginx:1.27", "nginx:stable", "nginx:latest")),
    Base("httpd", ("httpd:2.4",)),
    Base("php-apache", ("php:8.2-apache",)),
    Base("php-fpm", ("php:8.2-fpm",)),
    Base("postgres", ("postgres:15", "postgres:15-bookworm")),
    Base("redis", ("redis:7", "redis:7-bookworm")),
    Base("mariadb", ("mariadb:10", "mariadb:10.11")),
    Base("memcached", ("memcached:1.6",)),
    Base("haproxy", ("haproxy:2.8",)),
    Base("caddy", ("caddy:2",)),
    Base("ruby", ("ruby:3.1-slim", "ruby:3.1")),
    Base("perl", ("perl:5.36", "perl:5.36-slim")),
    Base("tomcat", ("tomcat:10.1-jre17",), of="temurin-jre"),
    Base("mosquitto", ("eclipse-mosquitto:2",)),
    Base("registry", ("registry:2",)),
)
"""In the order in which they are built."""


def base(name: str) -> Base:
    """The stand-in of that name."""
    return next(one for one in BASES if one.name == name)
