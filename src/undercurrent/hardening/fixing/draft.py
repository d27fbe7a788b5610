"""A plan while it is made."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from undercurrent.hardening.fixing.nouns import Change, Unfixed
from undercurrent.hardening.model.nouns import FinalImage
from undercurrent.splices import Edit

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """Edits by file, and what they do."""

    image: FinalImage
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    unfixed: list[Unfixed] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The Dockerfile."""
        return self.image.dockerfile.name

    def edit(self, edits: Iterable[Edit], path: str = "") -> None:
        """Notes edits; the same one counts once."""
        kept = self.edits.setdefault(path or self.name, [])
        kept += [edit for edit in edits if edit not in kept]

    def change(self, kind: str, what: str, line: int, *, path: str = "", because: str = "") -> None:
        """Notes what they do; ``because`` says for whom something changes."""
        self.changes.append(Change(kind, what, path or self.name, line, not because, because))

    def leave(self, kind: str, reason: str, line: int, *, path: str = "") -> None:
        """Notes what is left."""
        self.unfixed.append(Unfixed(kind, reason, path or self.name, line))
