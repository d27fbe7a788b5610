"""One run of `uc harden audit`: files, repositories or built images, with a record of each outcome."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from undercurrent.errors import UsageError
from undercurrent.evidence.record import LIMITS
from undercurrent.hardening.auditing.baseline import baseline_text, fingerprinted, read_baseline
from undercurrent.hardening.auditing.dockerfiles import Wanted
from undercurrent.hardening.auditing.imagefiles import inspect
from undercurrent.hardening.auditing.ranking import Ranked
from undercurrent.hardening.model import Identity
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.rules import BUILT_CHECKS
from undercurrent.hardening.rules.built import BuiltImage
from undercurrent.i18n import translate as _
from undercurrent.net.redaction import redact
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.auditing import Asked, Audit, Audited, Unchecked, audit_files, ranked, without_known
from undercurrent.workflows.cloning import repository
from undercurrent.workflows.discovering import FileKind, FoundFile, find_files
from undercurrent.workflows.each import Search, each
from undercurrent.workflows.estate import Places, Target, find, locate_all, wanted
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.recording import Recording, recording

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

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
        for text in wish.repositories:
            folder = await closing.enter_async_context(repository(text))
            files += _renamed(find_files([folder], exclude=wish.exclude), text, folder)
        if not files:
            raise UsageError(
                _("there is no Dockerfile, compose file or manifest in {paths}").format(
                    paths=redact(", ".join([*map(str, paths), *wish.repositories]))
                ),
                hint=_("name the file itself; or `--images` for images that are built"),
            )
        asked = Asked(_wanted(wish), wish.hadolint, known, wish.edits)
        return await audit_files(files, asked, settings, observer=observer)


def _wanted(wish: Wish) -> tuple[Wanted, ...]:
    return (Wanted(wish.target, wish.arguments),) if wish.target or wish.arguments else ()


def _renamed(files: Iterable[FoundFile], text: str, folder: Path) -> list[FoundFile]:
    """The files of a repository that was cloned, as people find them there: not by the folder that goes again."""
    if Path(text).is_dir():
        return list(files)
    top = folder.absolute()
    return [replace(file, name=f"{redact(text)}//{file.path.relative_to(top).as_posix()}") for file in files]


async def _images(wish: Wish, settings: Settings, known: frozenset[str], observer: Observer) -> Audit:
    if wish.paths or wish.repositories:
        raise UsageError(_("files and images are not audited in one run"), hint=_("leave --images away, or the files"))
    async with Stores(settings, observer=observer) as stores:
        if wish.names:
            found = locate_all(wish.names, wish.places, stores, settings, engine_first=True, read=True)
        else:
            found = find(wanted(settings, wish.places), stores, settings.images, read=True, observer=observer)
        summary = await each("audit", Search(found, stores), _Inspecting, settings, observer=observer)
    audited = [one for success in summary.results for one in success.result]
    counted = tuple(without_known(one, known) for one in audited)
    unchecked = tuple(Unchecked(one.key, one.error) for one in summary.failures)
    return Audit(counted, unchecked, ranked(counted, {}))


@dataclass(frozen=True, slots=True)
class _Inspecting:
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> tuple[Audited, ...]:
        audited = tuple(_audited(one) for one in await inspect(await target.open(self.stores)))
        outcome = _outcome(image for one in audited for image in one.images)
        if outcome is not Identity.UNKNOWN:
            proof = _proof(image for one in audited for image in one.images)
            self.record.add_soon(
                "image-rootless", target.digest, outcome, target.name, place=target.place, how="configuration", **proof
            )
        return audited


def _audited(image: BuiltImage) -> Audited:
    findings = fingerprinted((one for check in BUILT_CHECKS for one in check(image)), lambda _line: "")
    return Audited(image.name, "image", (_facts(image),), findings, digest=image.digest)


def _facts(image: BuiltImage) -> Ranked:
    identity = Identity.ROOT if image.is_root else Identity.ROOTLESS
    if not image.is_root and image.uid is None:
        identity = Identity.UNKNOWN
    needs = [("CAP_NET_BIND_SERVICE", "low-port", True) for number, _protocol in image.ports if 0 < number < FIRST_FREE]
    needs += [("", "file-capability", True)] if any(file.capabilities for file in image.files) else []
    return Ranked(
        identity,
        image.user,
        ports=tuple(sorted({number for number, _protocol in image.ports})),
        needs=tuple(dict.fromkeys(needs)),
        server=image.command[0].rpartition("/")[2] if image.command else "",
    )


def _outcome(images: Iterable[Ranked]) -> Identity:
    """Of all of them together: root if one is."""
    found = {image.identity for image in images}
    return next(one for one in (Identity.ROOT, Identity.UNKNOWN, Identity.ROOTLESS) if one in found)


def _proof(images: Iterable[Ranked]) -> dict[str, "JSON"]:
    return {
        "images": [{"target": one.target, "user": one.user, "reason": one.reason, "base": one.base} for one in images]
    }


def _record(audit: Audit, record: Recording) -> None:
    for one in audit.audited:
        if one.kind == FileKind.DOCKERFILE and one.images and len(one.name) <= LIMITS["name"]:
            record.add_soon("dockerfile-rootless", one.name, _outcome(one.images), one.name, **_proof(one.images))
