"""What a kustomization is made of: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from undercurrent.yamltext import Document, plain
from undercurrent.yamltext.shapes import list_in, mapping_in

__all__ = ["Parts", "parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """Files and folders that a kustomization names, relative to its own folder.

    Attributes:
        resources: files with objects, and folders of other kustomizations.
        patches: files that change objects, and are none.
    """

    resources: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()


def parts(documents: Iterable[Document]) -> Parts:
    """What the documents of a kustomization name; addresses, which nobody has here, left out."""
    resources: list[str] = []
    patches: list[str] = []
    for document in documents:
        said = mapping_in(plain(document.root, document.name))
        for field in ("resources", "bases", "components"):
            resources += _paths(said.get(field))
        patches += _paths(said.get("patchesStrategicMerge"))
        for field in ("patches", "patchesJson6902"):
            patches += _paths([mapping_in(one).get("path") for one in list_in(said.get(field))])
    return Parts(tuple(dict.fromkeys(resources)), tuple(dict.fromkeys(patches)))


def _paths(said: Any) -> Iterator[str]:
    """Those that are one line and no address; a patch may stand there itself."""
    for one in list_in(said):
        if isinstance(one, str) and one and "\n" not in one and "://" not in one:
            yield posixpath.normpath(one)
