"""The way from ENTRYPOINT to the server, for whoever is not root."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from undercurrent.hardening.fixing import dropping
from undercurrent.hardening.fixing.draft import Draft
from undercurrent.hardening.model.nouns import FinalImage
from undercurrent.i18n import translate as _

__all__ = ["enter"]


def enter(draft: Draft, files: Mapping[str, tuple[str, str]]) -> None:
    """Leaves out programs that change to another user, or leads around them."""
    image = draft.image
    for keyword in ("ENTRYPOINT", "CMD"):
        one = image.ending.get(keyword)
        edit = dropping.without(one) if one else None
        if one and edit:
            draft.edit([edit])
            text = _("{program} is left out of {keyword}: who runs is that user already")
            program = one.words[0].text.rpartition("/")[2]
            draft.change("entrypoint", text.format(program=program, keyword=keyword), one.line)
    for path, text in _scripts(image, files):
        edits = dropping.guarded(text)
        if edits is None:
            draft.leave("entrypoint", _("it changes to another user in a way that is not understood"), 1, path=path)
        elif edits:
            draft.edit(edits, path)
            line = text.count("\n", 0, edits[0].span.start) + 1
            what = _("changes to another user only where it was started as root")
            draft.change("entrypoint", what, line, path=path)


def _scripts(image: FinalImage, files: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Scripts of the build context that are started: path and text."""
    names = dict.fromkeys((*image.entrypoint.chain, *image.entrypoint.command))
    folder = PurePosixPath(image.working_folder or "/")
    for name in names:
        exact = files.get(str(folder / name))
        found = exact or next(
            (file for target, file in files.items() if target.endswith(f"/{PurePosixPath(name).name}")), None
        )
        if found and found[1].startswith("#!") and "sh" in found[1].partition("\n")[0]:
            yield found
