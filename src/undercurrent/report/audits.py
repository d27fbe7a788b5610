"""View of `uc harden audit`: in which order to work, what is in the way, and what was found most often."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final, Literal, TypeAlias

from undercurrent.findings import Finding, Severity
from undercurrent.hardening.auditing.ranking import Group, Ranked
from undercurrent.hardening.model import Identity
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.rules import hadolint
from undercurrent.hardening.rules.needs_capability import REASONS
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed, ngettext
from undercurrent.i18n import translate as _
from undercurrent.report.auditsdata import data
from undercurrent.report.model import Block, Cell, Mood, Report, Table, Text
from undercurrent.report.rules import severity_name
from undercurrent.workflows.auditing import Audit, Place

__all__ = ["FailOn", "view"]

FailOn: TypeAlias = Literal["error", "warning", "note", "never"]
"""The least severity that makes a run end with findings."""

_ROWS: Final = 15
_RULES: Final = 10
_ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_MOODS: Final[dict[Severity, Mood]] = {Severity.ERROR: "bad", Severity.WARNING: "unsure", Severity.NOTE: ""}
_IDENTITIES: Final[dict[Identity, tuple[str, Mood]]] = {
    Identity.ROOT: (N_("root"), "bad"),
    Identity.UNKNOWN: (N_("unknown"), "unsure"),
    Identity.ROOTLESS: (N_("not root"), "good"),
}
_GROUPS: Final = {
    Group.ROOT_WITHOUT_REASON: N_("root for no known reason: a USER will do"),
    Group.ROOT_WITH_REASON: N_("root for a reason that can be mended"),
    Group.NEEDS_CAPABILITY: N_("a capability is needed, and no way around it is known"),
    Group.UNKNOWN: N_("nobody can say who runs: see UC102"),
    Group.ROOTLESS: N_("not root already"),
}
_FACTORS: Final = (
    N_("exposure: 3, a port is open to others; 2, it listens on one; 1, none is known"),
    N_("reach: 4, root over the host; 3, root; 2, unknown or a capability; 1, not root"),
    N_("uses: the services and pods that run it, from 1 to 10"),
    N_("effort: 1, nothing in the way; 2, a known fix; 3, not understood; 5, none known"),
)


def view(audit: Audit, fail_on: FailOn = "warning", *, everything: bool = False, explain: bool = False) -> Report:
    """What was found, for people and machines.

    Args:
        audit: that.
        fail_on: the least severity that the exit code tells of.
        everything: each image and each finding, however many there are.
        explain: show how each priority comes about.
    """
    findings = audit.findings
    return Report(
        "harden-audit",
        data(audit),
        list(_blocks(audit, everything=everything, explain=explain)),
        findings,
        _summary(audit),
        _exit_code(audit, fail_on),
        [one.name for one in audit.audited],
    )


def _exit_code(audit: Audit, fail_on: FailOn) -> int:
    if audit.unchecked:
        return 4
    if fail_on == "never":
        return 0
    counts = _ORDER[: _ORDER.index(Severity(fail_on)) + 1]
    return int(any(finding.severity in counts for finding in audit.findings))


def _blocks(audit: Audit, *, everything: bool, explain: bool) -> Iterator[Block]:
    yield from _order(audit, everything=everything, explain=explain)
    if everything:
        yield from _findings(audit.findings)
    elif audit.findings:
        yield _by_rule(audit.findings)
        if (more := len({finding.rule.code for finding in audit.findings}) - _RULES) > 0:
            text = ngettext("{count} more rule found something", "{count} more rules found something", more)
            yield Text(text.format(count=more), "quiet")
    if hints := list(_hints(audit, everything=everything)):
        yield Text("\n".join(hints), "quiet")
    for title, some in (
        (_("not known"), audit.unknown),
        (_("could not be checked"), audit.unchecked),
    ):
        if some:
            rows = [(one.name, one.error.message) for one in some]
            yield Table([title, _("why")], rows, squeeze=frozenset({0, 1}))


def _order(audit: Audit, *, everything: bool, explain: bool) -> Iterator[Block]:
    """In which order to work."""
    urgent = [place for place in audit.ranking if place.group is not Group.ROOTLESS]
    shown = urgent if everything else urgent[:_ROWS]
    if shown:
        folder = _folder_of(shown)
        yield _explained(shown, folder) if explain else _ranking(shown, folder)
        if folder:
            yield Text(_("these are below {folder}").format(folder=folder), "quiet")
    if more := len(urgent) - len(shown):
        text = ngettext("{count} more image; --all shows it", "{count} more images; --all shows them", more)
        yield Text(text.format(count=more), "quiet")
    if shown and explain:
        yield Text("\n".join(_(text) for text in _FACTORS), "quiet")
    if len(audit.ranking) > 1:
        yield _groups(audit.ranking)


def _hints(audit: Audit, *, everything: bool) -> Iterator[str]:
    """What to do then."""
    if audit.findings and not everything:
        yield _("--all shows each finding; `uc rule CODE` explains one and says what to do")
    elif audit.findings:
        yield _("`uc rule CODE` explains a finding and says what to do")
    bases = (place.image.base for place in audit.ranking if place.group is Group.UNKNOWN)
    if audit.offline and any(base and "$" not in base for base in bases):
        yield _("--online asks registries and engines who runs in base images")
    groups = {place.group for place in audit.ranking if place.kind != "image"}
    if groups & {Group.ROOT_WITHOUT_REASON, Group.ROOT_WITH_REASON}:
        yield _("`uc harden fix` shows what it would change in Dockerfiles")


def _ranking(places: Iterable[Place], folder: str) -> Table:
    rows: list[tuple[Cell | str, ...]] = []
    for place in places:
        image, title = place.image, _title(place, folder)
        rows.append((f"{place.priority.score:.1f}", title, _runs_as(image), _in_the_way(image), _ports(place)))
    columns = [_("priority"), _("image"), _("runs as"), _("in the way"), _("ports")]
    return Table(columns, rows, right=frozenset({0}), squeeze=frozenset({1, 3}))


def _explained(places: Iterable[Place], folder: str) -> Table:
    rows: list[tuple[Cell | str, ...]] = []
    for place in places:
        priority = place.priority
        factors = (priority.exposure, priority.reach, priority.uses, priority.effort)
        rows.append((f"{priority.score:.1f}", *map(str, factors), _title(place, folder), _in_the_way(place.image)))
    columns = [
        _("priority"),
        _("= exposure"),
        _("× reach"),
        _("× uses"),
        _("÷ effort"),
        _("image"),
        _("in the way"),
    ]
    return Table(columns, rows, right=frozenset(range(5)), squeeze=frozenset({5, 6}))


def _folder_of(places: Sequence[Place]) -> str:
    """The folder that all of them are below, which then need not be said of each; empty where there is none."""
    # The last folder of a path is its image's name, and stays.
    above = [place.name.split("/")[:-2] for place in places if place.kind != "image"]
    if len(above) < 2:  # noqa: PLR2004 - one has nothing in common with others
        return ""
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*above, strict=False))
    return "".join(f"{parts[0]}/" for parts in common)


def _title(place: Place, folder: str) -> str:
    # The last stage is what is built unless somebody says otherwise; its name says nothing then.
    # A file that is called as all of them are is told by its folder.
    name = place.name.removesuffix("Dockerfile") if place.name.endswith("/Dockerfile") else place.name
    name = name.removeprefix(folder).lstrip("/") if folder else name
    return name if place.image.is_last or place.kind == "image" else f"{name} ({place.image.target})"


def _runs_as(image: Ranked) -> Cell:
    name, mood = _IDENTITIES[image.identity]
    text = _(name)
    if image.drops:
        text = _("{who}, then {program}").format(who=text, program=image.drops)
    elif image.identity is not Identity.ROOT and image.user:
        text = image.user
    return Cell(text, mood)


def _in_the_way(image: Ranked) -> Cell:
    ports = [str(port) for port in image.ports if 0 < port < FIRST_FREE]
    parts = [_("port {ports}").format(ports=listed(ports))] if ports else []
    for _capability, why, avoidable in image.needs:
        if why != "low-port" or not ports:
            reason = REASONS.get(why)
            text = _(reason) if reason else why
            parts.append(text if avoidable else _("{what} (no way around is known)").format(what=text))
    if image.identity is Identity.UNKNOWN:
        parts.append(_("base {name} is not known").format(name=image.base) if image.base else _("base is not known"))
    elif image.doubts:
        text = ngettext("{count} thing not understood", "{count} things not understood", image.doubts)
        parts.append(text.format(count=image.doubts))
    return Cell(listed(list(dict.fromkeys(parts)))) if parts else Cell(_("nothing known"), "good")


def _ports(place: Place) -> str:
    published = sorted({port for use in place.uses for port in use.published})
    if published:
        return _("open {ports}").format(ports=listed([str(port) for port in published]))
    return listed([str(port) for port in place.image.ports])


def _groups(places: Sequence[Place]) -> Block:
    counts = Counter(place.group for place in places)
    rows = [(str(counts[group]), _(text)) for group, text in _GROUPS.items() if counts[group]]
    return Table([_("images"), _("in this order")], rows, right=frozenset({0}), squeeze=frozenset({1}))


def _by_rule(findings: Sequence[Finding]) -> Table:
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.rule.code, []).append(finding)
    worst = {code: min((one.severity for one in found), key=_ORDER.index) for code, found in by_code.items()}

    def rank(code: str) -> tuple[bool, int, int, str]:
        # What another program says comes last: most of it is about other things.
        return code == hadolint.RULE.code, _ORDER.index(worst[code]), -len(by_code[code]), code

    order = sorted(by_code, key=rank)
    shown = order[:_RULES]
    if len(order) > _RULES and order[-1] == hadolint.RULE.code:
        shown[-1] = order[-1]
    rows = [
        (
            code,
            Cell(severity_name(worst[code]), _MOODS[worst[code]]),
            str(len(by_code[code])),
            str(len({one.place.name for one in by_code[code]})),
            _(by_code[code][0].rule.summary),
        )
        for code in shown
    ]
    columns = [_("code"), _("severity"), _("findings"), _("files"), _("what it finds")]
    return Table(columns, rows, right=frozenset({2, 3}), squeeze=frozenset({4}))


def _findings(findings: Sequence[Finding]) -> Iterator[Block]:
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.place.name, []).append(finding)
    for name, found in by_file.items():
        mended = any(one.fix for one in found)  # nobody edits an image that is built
        rows: list[tuple[Cell | str, ...]] = [
            (
                str(one.place.line or ""),
                one.rule.code,
                Cell(severity_name(one.severity), _MOODS[one.severity]),
                one.message,
                *([one.fix.description if one.fix else ""] if mended else []),
            )
            for one in found
        ]
        columns = [_("line"), _("code"), _("severity"), _("what is so")]
        columns += [_("what would mend it")] if mended else []
        yield Table(columns, rows, name, right=frozenset({0}), squeeze=frozenset({3, 4} if mended else {3}))


def _summary(audit: Audit) -> Cell:
    images = len(audit.ranking)
    identities = Counter(place.image.identity for place in audit.ranking)
    text = ngettext("{count} image", "{count} images", images).format(count=images)
    if not images:  # nothing but manifests
        files = len(audit.audited) + len(audit.unchecked)
        text = ngettext("{count} file", "{count} files", files).format(count=files)
    parts = [
        _("{count} as root").format(count=identities[Identity.ROOT]),
        _("{count} unknown").format(count=identities[Identity.UNKNOWN]),
        _("{count} not root").format(count=identities[Identity.ROOTLESS]),
    ]
    told = [part for part, kind in zip(parts, _IDENTITIES, strict=True) if identities[kind]]
    severities = Counter(finding.severity for finding in audit.findings)
    found = [
        ngettext("{count} error", "{count} errors", severities[Severity.ERROR]),
        ngettext("{count} warning", "{count} warnings", severities[Severity.WARNING]),
        ngettext("{count} note", "{count} notes", severities[Severity.NOTE]),
    ]
    told += [one.format(count=severities[kind]) for one, kind in zip(found, _ORDER, strict=True) if severities[kind]]
    ignored, known = sum(len(one.ignored) for one in audit.audited), sum(len(one.known) for one in audit.audited)
    told += [_("{count} ignored").format(count=ignored)] if ignored else []
    told += [_("{count} known from before").format(count=known)] if known else []
    told += [_("{count} could not be checked").format(count=len(audit.unchecked))] if audit.unchecked else []
    bad = bool(audit.unchecked or severities[Severity.ERROR] or severities[Severity.WARNING])
    return Cell(_("{what}: {parts}").format(what=text, parts=listed(told)) if told else text, "bad" if bad else "good")
