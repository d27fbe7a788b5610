"""Fixes of Dockerfiles that tests write, with what is built in about base images."""

from collections.abc import Mapping
from pathlib import Path

from undercurrent.hardening.dockerfile import parse, stages
from undercurrent.hardening.fixing import FixPlan, check, plan
from undercurrent.hardening.model import Context, describe, known, wanted_bases
from undercurrent.hardening.model.nouns import BaseImage, FinalImage
from undercurrent.splices import spliced

__all__ = ["fixed", "image_of", "planned", "source_of"]


def image_of(
    text: str, folder: Path | None = None, *, target: str | None = None, bases: Mapping[str, BaseImage] | None = None
) -> FinalImage:
    """The image of a Dockerfile."""
    file = parse(text)
    names = wanted_bases(file, target=target)
    found = {name: (bases or {}).get(name) or known(name) for name in names}
    return describe(file, target=target, bases=found, context=Context.of(folder) if folder else None)


def planned(
    text: str,
    folder: Path | None = None,
    *,
    uid: int | None = None,
    unsafe: bool = True,
    target: str | None = None,
    mapped: frozenset[int] = frozenset(),
    bases: Mapping[str, BaseImage] | None = None,
) -> FixPlan:
    """Its fix."""
    image = image_of(text, folder, target=target, bases=bases)
    context = Context.of(folder) if folder else None

    def outside(port: int, _new: int) -> str | None:
        return "" if port in mapped else None

    return plan(image, uid=uid, unsafe=unsafe, context=context, stages=stages(image.dockerfile), outside=outside)


def source_of(found: FixPlan) -> str:
    """The Dockerfile with the edits of a plan."""
    return check(found.image.dockerfile, found.edits.get(found.image.dockerfile.name, ())).source


def fixed(
    text: str, folder: Path | None = None, *, uid: int | None = None, unsafe: bool = True, target: str | None = None
) -> str:
    """The Dockerfile after its fix; files of the build context are written to ``folder``, as a run would."""
    found = planned(text, folder, uid=uid, unsafe=unsafe, target=target)
    for name, edits in found.edits.items():
        if folder and name != found.image.dockerfile.name:
            path = folder / name
            path.write_text(spliced(path.read_text(), edits))
    return source_of(found)
