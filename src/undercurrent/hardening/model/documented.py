"""What is documented of well-known public images, and what a settings table says of one's own.

The facts are in ``data/bases.toml``, with their sources. An image that is not there is not known.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from undercurrent.basefacts import BaseFacts
from undercurrent.errors import InvalidReference
from undercurrent.hardening.model.nouns import Account, BaseImage, Origin
from undercurrent.hardening.numbers import as_number
from undercurrent.oci.reference import DOCKER_HUB, Reference

__all__ = ["SCRATCH", "account_of", "configured", "known", "normal_name"]

SCRATCH: Final = "scratch"
"""How FROM calls an image with nothing in it."""

_DATA: Final = Path(__file__).parent / "data" / "bases.toml"


@dataclass(frozen=True, slots=True)
class _Entry:
    tags: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    exact: Mapping[str, tuple[_Entry, ...]]
    patterns: tuple[tuple[str, _Entry], ...]
    variants: tuple[tuple[tuple[str, ...], str], ...]
    distributions: Mapping[str, Mapping[str, Any]]


def normal_name(name: str) -> tuple[str, str]:
    """Repository and tag of an image as they are compared: of Docker Hub's, without ``docker.io/`` and ``library/``.

    The tag is ``latest`` where nothing else is said, and empty where only a digest is. A name that is no reference is
    given back as it is.
    """
    try:
        reference = Reference.parse(name)
    except InvalidReference:
        return name, ""
    repository = reference.name
    if reference.registry == DOCKER_HUB:
        repository = reference.repository.removeprefix("library/")
    return repository, reference.tag or ("" if reference.digest else "latest")


@lru_cache(maxsize=4096)
def known(name: str) -> BaseImage | None:
    """What is documented of the image that FROM calls ``name``; None where nothing is."""
    if name == SCRATCH:
        return BaseImage(name, "", "scratch", shell=False)
    if "$" in name:
        return _whatever_tag(name)
    repository, tag = normal_name(name)
    table = _table()
    for entry in (*table.exact.get(repository, ()), *_by_pattern(table, repository)):
        if not entry.tags or _matches(tag, entry.tags):
            return _made(name, tag, entry.facts, table)
    return None


def _whatever_tag(name: str) -> BaseImage | None:
    """What holds for ``python:${VERSION}``, where that has no value: who runs, if it is the same with all tags."""
    head = name.partition("$")[0]
    if ":" not in head.rpartition("/")[2]:
        return None
    table = _table()
    repository, _tag = normal_name(head.rpartition(":")[0])
    entries = (*table.exact.get(repository, ()), *_by_pattern(table, repository))
    if len({entry.facts["user"] for entry in entries}) != 1:
        return None
    image = _made(name, "", entries[-1].facts, table)
    return image and replace(image, accounts=(), family="")


def configured(name: str, bases: Mapping[str, BaseFacts]) -> BaseImage | None:
    """What a settings table says of the image that FROM calls ``name``: the first pattern that fits.

    A pattern may leave out the tag (any will do), and ``docker.io/library/``.
    """
    repository, tag = normal_name(name)
    forms = {name, repository, f"{repository}:{tag}"}
    for pattern, facts in bases.items():
        short = pattern.removeprefix(f"{DOCKER_HUB}/").removeprefix("library/")
        if any(fnmatchcase(form, short) for form in forms):
            return _from_settings(name, pattern, facts)
    return None


def account_of(text: str, where: str) -> Account:
    """An account as the table writes it: ``name:uid:gid:home``; empty parts are not known."""
    name, uid, gid, home = (text.split(":") + [""] * 3)[:4]
    return Account(name, as_number(uid), as_number(gid), home, Origin(where))


def _from_settings(name: str, pattern: str, facts: BaseFacts) -> BaseImage:
    return BaseImage(
        name,
        facts.user,
        "settings",
        entrypoint=facts.entrypoint,
        command=facts.command,
        working_folder=facts.working_folder,
        ports=facts.ports,
        volumes=facts.volumes,
        accounts=tuple(account_of(text, pattern) for text in facts.accounts),
        family=facts.family,
    )


def _matches(tag: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(tag, pattern) for pattern in patterns)


def _by_pattern(table: _Table, repository: str) -> Iterator[_Entry]:
    return (entry for pattern, entry in table.patterns if fnmatchcase(repository, pattern))


@lru_cache(maxsize=1)
def _table() -> _Table:
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    exact: dict[str, tuple[_Entry, ...]] = {}
    patterns: list[tuple[str, _Entry]] = []
    for facts in data["image"]:
        entry = _Entry(tuple(facts.get("tags", ())), facts)
        for name in facts["names"]:
            if "*" in name:
                patterns.append((name, entry))
            else:
                exact[name] = (*exact.get(name, ()), entry)
    variants = tuple((tuple(variant["tags"]), variant["on"]) for variant in data["variant"])
    return _Table(exact, tuple(patterns), variants, data["distribution"])


def _made(name: str, tag: str, facts: Mapping[str, Any], table: _Table) -> BaseImage | None:
    on = next((on for tags, on in table.variants if _matches(tag, tags)), facts["on"])
    if not on:
        return None
    distribution = table.distributions[on]
    own = facts.get("accounts", {})
    kind = "ubuntu" if on == "noble" else on
    texts = [*distribution["accounts"], *own.get(kind, own.get("debian", ()) if kind == "ubuntu" else ())]
    image = BaseImage(
        name,
        facts["user"],
        "built-in",
        environment=facts.get("environment", {}),
        entrypoint=tuple(facts.get("entrypoint", ())),
        command=tuple(facts.get("command", ())),
        working_folder=facts.get("working_folder", ""),
        ports=tuple(facts.get("ports", ())),
        volumes=tuple(facts.get("volumes", ())),
        accounts=tuple(account_of(text, name) for text in (*texts, *own.get("any", ()))),
        family=facts.get("family", distribution["family"]),
        shell=facts.get("shell", distribution.get("shell", True)),
        drops=facts.get("drops", ""),
        special_files=tuple(facts.get("special_files", ())),
    )
    return replace(image, drops="su-exec") if on == "alpine" and image.drops == "gosu" else image
