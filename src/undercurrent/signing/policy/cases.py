"""Recorded cases: images as they were, and what a policy has to say about them.

A case names an image in an OCI layout or archive beside its file, so that a policy can be tried with no registry at
hand, and a moment, so that it says the same next year. `Sparse` is a layout that holds all of an image but its layers.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from undercurrent import tomlfile
from undercurrent.errors import InvalidReference
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.store import Content
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.verify import Verdict

__all__ = ["CASES_FILE", "IMAGES", "Case", "Sparse", "case_text", "differences", "read_cases"]

CASES_FILE: Final = "cases.toml"
"""What the file is called in a folder of cases."""
IMAGES: Final = "images"
"""The layout beside it that holds the images, unless a case says otherwise."""

_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _CaseTable(_Table):
    image: _Text
    digest: _Text | None = None
    store: _Text = IMAGES
    expect: Literal["verified", "allowed", "unsigned", "untrusted", "denied", "could-not-check"]
    reason: _Text | None = None
    rules: Annotated[list[_Text], Field(max_length=1000)] | None = None
    now: datetime | None = None
    why: str = ""


class _CasesTable(_Table):
    version: Literal[1]
    case: Annotated[list[_CaseTable], Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Case:
    """One image, and what a policy has to say about it.

    Attributes:
        where: file and line, for people.
        image: the name that chooses rules.
        digest: of the image; whatever the name means in ``store`` when None.
        store: an OCI layout, or an archive.
        expect: the verdict.
        reason: why, if that matters.
        rules: names of the rules that are about it, if that matters.
        now: aware; when the policy is asked. The present when None.
        why: what the case shows, for people.
    """

    where: str
    image: str
    digest: Digest | None
    store: Path
    expect: Verdict
    reason: str | None = None
    rules: tuple[str, ...] | None = None
    now: datetime | None = None
    why: str = ""


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases in a file, or in the folder that has a ``cases.toml`` in it.

    Raises:
        ConfigError: it cannot be read, or is no file of cases; says where, and what to do.
    """
    document = tomlfile.read(path / CASES_FILE if path.is_dir() else path)
    table = document.checked(_CasesTable)
    cases: list[Case] = []
    for number, one in enumerate(table.case):
        key = ("case", number)
        try:
            digest = Digest(one.digest) if one.digest is not None else None
        except InvalidReference as error:
            raise document.wrong((*key, "digest"), error.message, error.hint) from error
        if "\0" in one.store:
            raise document.wrong((*key, "store"), _("no file can be called so"))
        if one.now is not None and one.now.tzinfo is None:
            raise document.wrong((*key, "now"), _("it needs a time zone, such as Z"))
        cases.append(
            Case(
                document.place(key),
                one.image,
                digest,
                document.path.parent / one.store,
                Verdict(one.expect),
                one.reason,
                None if one.rules is None else tuple(one.rules),
                one.now,
                one.why,
            )
        )
    return tuple(cases)


def case_text(decision: Decision, now: datetime) -> str:
    """A case, for a file: the image of ``decision``, and that the same is to be decided about it as at ``now``."""
    moment = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    rules = [one.rule.name for one in decision.applied]
    rows = (
        ("image", _quoted(decision.name)),
        ("digest", _quoted(decision.digest)),
        ("expect", _quoted(decision.verdict)),
        *((("reason", _quoted(decision.reason)),) if decision.reason else ()),
        ("rules", f"[{', '.join(map(_quoted, rules))}]"),
        ("now", moment),
    )
    return "".join(("\n[[case]]\n", *(f"{name} = {value}\n" for name, value in rows)))


def _quoted(text: str) -> str:
    """A basic string of TOML; its escapes are those of JSON, apart from the one control character that JSON lets be."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def differences(case: Case, decision: Decision) -> Iterable[str]:
    """In what ``decision`` is not what ``case`` expects, for people."""
    found = tuple(one.rule.name for one in decision.applied)
    for name, expected, actual in (
        (_("verdict"), case.expect, decision.verdict),
        (_("reason"), case.reason, decision.reason),
        (_("rules"), case.rules, found),
    ):
        if expected is not None and expected != actual:
            yield _("{what} {actual}, expected {expected}").format(
                what=name, actual=_shown(actual), expected=_shown(expected)
            )


def _shown(value: str | tuple[str, ...]) -> str:
    return (", ".join(value) if isinstance(value, tuple) else value) or "-"


class Sparse(Layout):
    """A layout that takes everything but some blobs: a case needs an image's manifests, not its layers.

    Args:
        layout: where all the rest goes.
        unwanted: what is not kept.
    """

    def __init__(self, layout: Layout, unwanted: frozenset[Digest]) -> None:
        super().__init__(layout.path)
        self._unwanted = unwanted

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        """See `WritableStore.push_blob`."""
        if descriptor.digest in self._unwanted:
            return False
        return await super().push_blob(descriptor, content, mount_from=mount_from, fresh=fresh)
