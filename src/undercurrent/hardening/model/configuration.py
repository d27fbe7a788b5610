"""An image's configuration, as registries and engines keep it: who runs, and what is started.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from undercurrent.errors import BadContent
from undercurrent.hardening.model.accounts import group_lines, passwd_lines
from undercurrent.hardening.model.nouns import Account, BaseImage, FinalImage, Origin
from undercurrent.i18n import translate as _

__all__ = ["as_base", "completed", "from_configuration", "with_accounts"]


def from_configuration(
    name: str, document: Mapping[str, Any], source: Literal["registry", "layout", "engine"]
) -> BaseImage:
    """The base image that a configuration describes.

    Args:
        name: how it is called.
        document: the whole configuration; who runs is in its ``config``.
        source: where it comes from.

    Raises:
        BadContent: it is no such configuration.
    """
    config = {} if document.get("config") is None else document["config"]
    if not isinstance(config, dict):
        raise _bad(name, "config")
    environment = dict(text.partition("=")[::2] for text in _texts(name, config, "Env"))
    return BaseImage(
        name,
        _text(name, config, "User"),
        source,
        environment=environment,
        entrypoint=_texts(name, config, "Entrypoint"),
        command=_texts(name, config, "Cmd"),
        working_folder=_text(name, config, "WorkingDir"),
        ports=_keys(name, config, "ExposedPorts"),
        volumes=_keys(name, config, "Volumes"),
        on_build=_texts(name, config, "OnBuild"),
    )


def with_accounts(image: BaseImage, passwd: str, group: str) -> BaseImage:
    """With the accounts that its own files have.

    Args:
        image: that.
        passwd: the text of its ``/etc/passwd``.
        group: the text of its ``/etc/group``.
    """
    origin = Origin(image.name)
    accounts = tuple(Account(name, uid, gid, home, origin) for name, uid, gid, home in passwd_lines(passwd))
    return replace(image, accounts=accounts, groups=dict(group_lines(group)))


def completed(image: BaseImage, documented: BaseImage | None) -> BaseImage:
    """With what only documentation tells of it: accounts, package manager, how its entrypoint changes user.

    The latter only where it has the entrypoint that is documented.
    """
    if documented is None:
        return image
    same = image.entrypoint == documented.entrypoint
    return replace(
        image,
        accounts=image.accounts or documented.accounts,
        groups=image.groups or documented.groups,
        family=image.family or documented.family,
        shell=documented.shell if image.shell is None else image.shell,
        drops=documented.drops if same else image.drops,
        special_files=image.special_files or documented.special_files,
    )


def as_base(image: FinalImage, name: str) -> BaseImage | None:
    """What one Dockerfile builds, for another that is built from it; None where it is not known who runs."""
    who = image.runner
    if who.identity == "unknown":
        return None
    return BaseImage(
        name,
        who.text,
        "dockerfile",
        environment=image.environment,
        entrypoint=_executed(image, "ENTRYPOINT"),
        command=_executed(image, "CMD"),
        working_folder=image.working_folder,
        ports=tuple(f"{port.number}/{port.protocol}" for port in image.ports),
        volumes=image.volumes,
        accounts=tuple(replace(account, origin=Origin(name)) for account in image.accounts),
        family=image.base.family if image.base else "",
        shell=image.base.shell if image.base else None,
        drops=who.drops,
        special_files=tuple(path for path, _origin in image.special_files),
        on_build=tuple(one.trigger.span.of(image.dockerfile.source) for one in image.stage.instructions if one.trigger),
    )


def _executed(image: FinalImage, keyword: str) -> tuple[str, ...]:
    instruction = image.ending.get(keyword)
    if instruction is None:
        inherited = image.base if "ENTRYPOINT" not in image.ending else None
        if inherited is None:
            return ()
        return inherited.entrypoint if keyword == "ENTRYPOINT" else inherited.command
    words = tuple(word.text for word in instruction.words)
    return words if instruction.json else ("/bin/sh", "-c", *words)


def _bad(name: str, key: str) -> BadContent:
    return BadContent(
        _("the configuration of {name} cannot be used: {key} is of the wrong kind").format(name=name, key=key)
    )


def _text(name: str, config: Mapping[str, Any], key: str) -> str:
    value = config.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _bad(name, key)
    return value


def _texts(name: str, config: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = config.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _bad(name, key)
    return tuple(value)


def _keys(name: str, config: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = config.get(key)
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise _bad(name, key)
    return tuple(value)
