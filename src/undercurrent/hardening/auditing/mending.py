"""The edits of a safe fix, for what says who runs: what `uc harden fix` writes, with the finding that it mends."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from undercurrent.errors import UndercurrentError
from undercurrent.findings import Finding, Fix, Replacement
from undercurrent.hardening.dockerfile import stages
from undercurrent.hardening.fixing import FixPlan, check, plan
from undercurrent.hardening.model import BaseImage, Context, FinalImage, Identity, describe
from undercurrent.hardening.rules import runs_as_root, user_not_numeric
from undercurrent.hardening.rules.replacements import replacements

__all__ = ["Mending"]

_MENDED = frozenset({runs_as_root.RULE.code, user_not_numeric.RULE.code})


@dataclass(frozen=True, slots=True)
class Mending:
    """Plans fixes of images of one file.

    Attributes:
        folder: what findings call the build context.
        find_base: what is known of a base image.
        uid: whom an image is to run as, where there is nobody better.
        context: the build context.
    """

    folder: str
    find_base: Callable[[str], BaseImage | None]
    uid: int
    context: Context | None = None

    def with_edits(
        self, findings: Iterable[Finding], image: FinalImage, arguments: Mapping[str, str]
    ) -> Iterator[Finding]:
        """``findings`` about ``image``, those of them with edits that a safe fix mends.

        Args:
            findings: of the rules.
            image: that they are about.
            arguments: that it is built with.
        """
        found = tuple(findings)
        fix = self._fix(image, arguments) if any(one.rule.code in _MENDED for one in found) else None
        for one in found:
            yield replace(one, fix=fix) if fix and one.rule.code in _MENDED else one

    def _fix(self, image: FinalImage, arguments: Mapping[str, str]) -> Fix | None:
        """A fix after which it is shown to run without root; None where there is none that is safe."""
        file = image.dockerfile
        try:
            made = plan(image, usual=self.uid, context=self.context, stages=stages(file, arguments))
            if not made.edits:
                return None
            changed = check(file, made.edits.get(file.name, ()))
            target = str(image.stage.index)
            after = describe(changed, target=target, arguments=arguments, bases=self.find_base, context=self.context)
        except UndercurrentError:
            return None  # what `uc harden fix` says of it
        if after.runner.identity is not Identity.ROOTLESS:
            return None
        edits = tuple(self._replacements(made))
        return Fix("; ".join(change.what for change in made.changes), safe=True, edits=edits) if edits else None

    def _replacements(self, made: FixPlan) -> Iterator[Replacement]:
        file = made.image.dockerfile
        for path, edits in made.edits.items():
            if path == file.name:
                yield from replacements(path, file.source, edits)
            elif self.context and (text := self.context.read(path)) is not None:
                yield from replacements(posixpath.normpath(posixpath.join(self.folder, path)), text, edits)
