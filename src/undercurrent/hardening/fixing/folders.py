"""What is written to while the container runs: what has to belong to who runs, and what is a tmpfs or a volume."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.fixing.nouns import Steps, Who
from undercurrent.hardening.model.nouns import FinalImage, Origin, StatePath
from undercurrent.hardening.shell import script

__all__ = ["lasting", "made", "owned", "passing"]

_FREE: Final = ("/tmp", "/var/tmp", "/dev", "/proc", "/sys", "/root")
"""What everybody may write to, what is no file, and what is nobody else's."""
_SYSTEM: Final = ("/etc", "/usr", "/lib", "/bin", "/sbin", "/root", "/tmp", "/dev", "/proc", "/sys", "/boot")
_PASSING: Final = re.compile(r"(?:^|/)(?:run|cache|\.cache|log|logs|tmp|temp)(?:/|$)")
_PATH: Final = re.compile(r"[\w./@+][\w./@+-]*")
_NOTHING: Final = ("/dev", "/proc", "/sys", "/root")
_OWNING: Final = frozenset({("chown",), ("chmod",), ("chgrp",), ("touch",), ("setfacl",)})
_RUN: Final = frozenset({"/run", "/var/run"})


def owned(image: FinalImage, steps: Steps, who: Who) -> tuple[str, ...]:
    """Folders that root has to make for who runs, without those that are that user's already."""
    here = image.dockerfile.name
    found = [state.path for state in _states(image, steps) if not (who.own and state.origin.what != here)]
    found += [path for path in image.volumes if not (who.own and not _declared(image, path))]
    wanted = (path for path in (*found, *steps.owned) if path not in _RUN and not _within(path, _FREE))
    given = _given(image, who)
    return tuple(path for path in _outermost(wanted) if not _within(path, given))


def _states(image: FinalImage, steps: Steps) -> tuple[StatePath, ...]:
    """What is written to, as far as it still is when the steps were taken."""
    kept = (one for one in image.state if one.lasting or not steps.settles)
    return (*steps.state, *kept, *made(image))


def _given(image: FinalImage, who: Who) -> tuple[str, ...]:
    """Folders that the target gives to who runs."""
    names = {
        str(who.uid),
        *(one.name for one in image.accounts if one.uid == who.uid or (who.creation and not one.uid)),
    }
    found: list[str] = []
    for words, folder, _line in _commands(image):
        owner = next((word for word in words[1:] if word and not word.startswith("-")), "") or ""
        if words[:1] == ("chown",) and owner.partition(":")[0] in names:
            found += _paths(words, folder)
    return tuple(found)


def _declared(image: FinalImage, path: str) -> bool:
    lines = (one for stage in image.lineage for one in stage.instructions if one.keyword == "VOLUME")
    return any(path in one.text for one in lines)


def made(image: FinalImage) -> tuple[StatePath, ...]:
    """Folders that the target makes and puts nothing into: what is started is going to.

    One that another instruction speaks of is for building.
    """
    found: dict[str, int] = {}
    spoken = list(_targets(image))
    for words, folder, line in _commands(image):
        if words[:1] == ("mkdir",):
            found |= dict.fromkeys(_paths(words, folder), line)
        elif words[:1] not in _OWNING:
            spoken += _paths(words, folder)
    here = image.dockerfile.name
    return tuple(
        StatePath(path, "made", lasting=not _PASSING.search(path), origin=Origin(here, line))
        for path, line in found.items()
        if not _within(path, _SYSTEM) and not any(_within(one, (path,)) for one in spoken)
    )


def _commands(image: FinalImage) -> Iterator[tuple[tuple[str | None, ...], PurePosixPath, int]]:
    """Words of what the target's RUN run, the folder that they run in, and the line."""
    folder = PurePosixPath("/")
    for one in image.stage.instructions:
        if one.keyword == "WORKDIR" and "$" not in one.text:
            folder = folder / one.text
        elif one.keyword == "RUN" and not one.json:
            for text in [document.content for document in one.heredocs] or [one.text]:
                yield from ((command.words, folder, one.line) for command in script(text).commands)


def _targets(image: FinalImage) -> Iterator[str]:
    """Folders that are worked in, and that something is copied to."""
    folder = PurePosixPath("/")
    for one in image.stage.instructions:
        if one.keyword == "WORKDIR":
            folder = folder / one.text
            yield str(folder)
        elif one.keyword in ("COPY", "ADD") and one.words:
            yield str(folder / one.words[-1].text)


def _paths(words: tuple[str | None, ...], folder: PurePosixPath) -> list[str]:
    return [str(folder / word) for word in words[1:] if word and _PATH.fullmatch(word)]


def passing(image: FinalImage, steps: Steps) -> tuple[StatePath, ...]:
    """What a tmpfs is for; ``/tmp`` always."""
    states = _states(image, steps)
    volumes = {state.path for state in lasting(image, steps)}
    found = {state.path: state for state in reversed(states) if not state.lasting and state.path not in volumes}
    found.setdefault("/tmp", StatePath("/tmp", "temporary", lasting=False, origin=Origin(image.dockerfile.name)))
    native = next((state for state in states if state.why == "native-libraries"), None)
    if native:
        found[native.path] = native
    return tuple(found[path] for path in _outermost(found) if not _within(path, _NOTHING))


def lasting(image: FinalImage, steps: Steps) -> tuple[StatePath, ...]:
    """What has to outlive the container."""
    here = Origin(image.dockerfile.name)
    found = {path: StatePath(path, "volume", lasting=True, origin=here) for path in image.volumes}
    found |= {state.path: state for state in _states(image, steps) if state.lasting}
    return tuple(found[path] for path in _outermost(found) if not _within(path, _FREE))


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that are in none of the others, in order."""
    found: list[str] = []
    known = {path.rstrip("/") for path in paths} - {""}
    for path in sorted(known):
        # Where /var/run is there, /run is the same.
        if not _within(path, found) and f"/var{path}" not in known:
            found.append(path)
    return tuple(found)
