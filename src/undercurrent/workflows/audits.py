"""One run of `uc harden audit`: files, repositories or built images, with a record of each outcome."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.evidence.record import LIMITS
from undercurrent.hardening.auditing.baseline import baseline_text, read_baseline
from undercurrent.hardening.auditing.dockerfiles import Wanted
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.auditing import Asked, Audit, audit_files, identity_of, proof_of
from undercurrent.workflows.discovering import FileKind, FoundFile, find_files
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.places import Places
from undercurrent.workflows.recording import Recording, recording

__all__ = ["Wish", "audit_all"]


_EVERYWHERE: Final = Places()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wants audited.

    Attributes:
        paths: files and folders; the working directory where nothing else is named.
        repositories: folders, or addresses that git clones.
        images: look at images that are built, not at files.
        names: of these images; all that are found where none is named.
        places: where to look for them.
        exclude: patterns of names of files to leave out.
        target: of every Dockerfile; the last stage where it is empty.
        arguments: build arguments.
        hadolint: ``auto``, ``off``, or a file with its JSON.
        baseline: a file of findings that are known from before.
        write_baseline: where to write such a file.
        edits: findings in Dockerfiles come with the edits of safe fixes.
    """

    paths: tuple[Path, ...] = ()
    repositories: tuple[str, ...] = ()
    images: bool = False
    names: tuple[str, ...] = ()
    places: Places = _EVERYWHERE
    exclude: tuple[str, ...] = ()
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    hadolint: str = "auto"
    baseline: Path | None = None
    write_baseline: Path | None = None
    edits: bool = False


async def audit_all(wish: Wish, settings: Settings, *, observer: Observer = silent) -> Audit:
    """Looks at all of it, and records who runs.

    Raises:
        UsageError: files and images were named together, or there is nothing to look at.
        UndercurrentError: a repository cannot be fetched, a file of settings or a baseline cannot be used.
    """
    known = read_baseline(wish.baseline) if wish.baseline else frozenset()
    with recording(settings) as record:
        record.open()
        if wish.images:
            audit = await _images(wish, settings, known, observer)
        else:
            audit = await _files(wish, settings, known, observer)
        _record(audit, record)
    if wish.write_baseline:
        accepted = [finding for one in audit.audited for finding in (*one.findings, *one.known)]
        keep(baseline_text(accepted), wish.write_baseline)
    return audit


async def _files(wish: Wish, settings: Settings, known: frozenset[str], observer: Observer) -> Audit:
    paths = wish.paths or (() if wish.repositories else (Path(),))
    async with AsyncExitStack() as closing:
        files = list(find_files(paths, exclude=wish.exclude)) if paths else []
        names = list(map(str, paths))
        if wish.repositories:
            # It speaks of addresses as what speaks to registries does, which takes long to import.
            from undercurrent.workflows.cloning import repository, shown  # noqa: PLC0415

            for text in wish.repositories:
                folder = await closing.enter_async_context(repository(text))
                names.append(shown(text))
                files += _renamed(find_files([folder], exclude=wish.exclude), text, shown(text), folder)
        if not files:
            raise UsageError(
                _("there is no Dockerfile, compose file or manifest in {paths}").format(paths=", ".join(names)),
                hint=_("name the file itself; or `--images` for images that are built"),
            )
        asked = Asked(_wanted(wish), wish.hadolint, known, wish.edits)
        return await audit_files(files, asked, settings, observer=observer)


def _wanted(wish: Wish) -> tuple[Wanted, ...]:
    return (Wanted(wish.target, wish.arguments),) if wish.target or wish.arguments else ()


def _renamed(files: Iterable[FoundFile], text: str, shown: str, folder: Path) -> list[FoundFile]:
    """The files of a repository that was cloned, as people find them there: not by the folder that goes again."""
    if Path(text).is_dir():
        return list(files)
    top = folder.absolute()
    return [replace(file, name=f"{shown}//{file.path.relative_to(top).as_posix()}") for file in files]


async def _images(wish: Wish, settings: Settings, known: frozenset[str], observer: Observer) -> Audit:
    if wish.paths or wish.repositories:
        raise UsageError(_("files and images are not audited in one run"), hint=_("leave --images away, or the files"))
    # What speaks to registries takes longer to import than most audits of files take.
    from undercurrent.workflows.imageaudits import audit_images  # noqa: PLC0415

    return await audit_images(wish.names, wish.places, settings, known, observer=observer)


def _record(audit: Audit, record: Recording) -> None:
    for one in audit.audited:
        if one.kind == FileKind.DOCKERFILE and one.images and len(one.name) <= LIMITS["name"]:
            record.add_soon("dockerfile-rootless", one.name, identity_of(one.images), one.name, **proof_of(one.images))
