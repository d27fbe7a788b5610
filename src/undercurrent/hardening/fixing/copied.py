"""What COPY and ADD bring from the build context into an image: files that configure and start servers."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.dockerfile import BadSubstitution, Instruction, Stage, expand, scopes
from undercurrent.hardening.model import Context
from undercurrent.hardening.model.nouns import FinalImage

__all__ = ["brought"]

_SUFFIXES: Final = frozenset(
    {".conf", ".cfg", ".cnf", ".ini", ".js", ".mjs", ".cjs", ".json", ".properties", ".py", ".sh", ".toml", ".xml"}
    | {".yaml", ".yml", ".template", ".bash", ""}
)
_MOST: Final = 2_000
_LONGEST: Final = 256 * 1024


def brought(image: FinalImage, context: Context | None) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Files by the path that they have in the image: path in the context and text; and every path that is known.

    A file that a later instruction replaces is not there.
    """
    if context is None:
        return {}, tuple(path for path, _source in _targets(image, None))
    files: dict[str, tuple[str, str]] = {}
    paths: list[str] = []
    for path, source in _targets(image, context):
        paths.append(path)
        files.pop(path, None)
        if source is None or PurePosixPath(source).suffix not in _SUFFIXES:
            continue
        text = context.read(source)
        if text is not None and len(text) <= _LONGEST:
            files[path] = (source, text)
    return files, tuple(paths)


def _targets(image: FinalImage, context: Context | None) -> Iterator[tuple[str, str | None]]:
    names = sorted(context.listing())[:_MOST] if context else []
    for stage in reversed(image.lineage):
        yield from _of_stage(stage, names, image)


def _of_stage(stage: Stage, names: list[str], image: FinalImage) -> Iterator[tuple[str, str | None]]:
    folder = PurePosixPath("/")
    for scope in scopes(stage, dict(image.environment)):
        one = scope.instruction
        try:
            words = [expand(word.text, scope.variables, image.dockerfile.escape) for word in one.words]
        except BadSubstitution:
            continue
        if one.keyword == "WORKDIR" and words:
            folder = folder / words[0]
        elif one.keyword in ("COPY", "ADD") and len(words) > 1 and not one.heredocs:
            yield from _copied(one, words, folder, names)


def _copied(
    one: Instruction, words: list[str], folder: PurePosixPath, names: list[str]
) -> Iterator[tuple[str, str | None]]:
    *sources, target = words
    into = folder / target
    if one.flag("from") is not None:
        yield str(into), None
        return
    as_folder = target.endswith(("/", "/.")) or target in (".", "..") or len(sources) > 1
    for source in (source.removeprefix("./").strip("/") for source in sources):
        within = [name for name in names if source in ("", ".") or name.startswith(f"{source}/")]
        for name in within:
            yield str(into / (name if source in ("", ".") else name[len(source) + 1 :])), name
        if not within:
            known = source if source in names else None
            yield str(into / PurePosixPath(source).name) if as_folder else str(into), known
