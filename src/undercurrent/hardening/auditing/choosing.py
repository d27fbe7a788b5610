"""Which rules count in a folder, and how much: ``.undercurrent-harden.toml``, there or in a folder above.

The nearest file holds, alone; it is looked for up to the root of the repository (the folder with ``.git``).

    select = ["UC1", "runs-as-root"]

    [[rule]]
    code = "UC120"
    severity = "off"
    paths = ["jobs/**"]
    reason = "run by Kubernetes only, which has probes of its own"
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from undercurrent import tomlfile
from undercurrent.findings import Finding, Severity
from undercurrent.hardening.auditing.ignoring import Ignored
from undercurrent.hardening.rules import RULES
from undercurrent.i18n import translate as _

if TYPE_CHECKING:
    from undercurrent.hardening.auditing.rulefile import RuleFile, RuleTable

__all__ = ["FILE", "Choice", "choice_for", "chosen"]

FILE: Final = ".undercurrent-harden.toml"
"""What the file is called."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one file says.

    Attributes:
        folder: where the file is; its paths are below it.
        select: beginnings of codes, or names, of rules that count; empty for all.
        rules: what holds for which, in the file's order; the last one that fits holds.
    """

    folder: Path
    select: tuple[str, ...] = ()
    rules: "tuple[RuleTable, ...]" = ()


def choice_for(path: Path, top: Path | None = None) -> Choice | None:
    """What holds for the file at ``path``; None where there is no such file.

    Args:
        path: absolute.
        top: no file above this folder counts.

    Raises:
        ConfigError: the nearest file cannot be used.
    """
    return _nearest(path.parent, top)


@lru_cache(maxsize=4096)
def _nearest(folder: Path, top: Path | None) -> Choice | None:
    file = folder / FILE
    if file.is_file():
        from undercurrent.hardening.auditing.rulefile import RuleFile  # noqa: PLC0415 - pydantic is not for others

        read = tomlfile.read(file)
        model = read.checked(RuleFile)
        _refuse_unknown(read, model)
        return Choice(folder, model.select, model.rule)
    if folder in {top, folder.parent} or (folder / ".git").exists():
        return None
    return _nearest(folder.parent, top)


def _refuse_unknown(read: tomlfile.Document, model: "RuleFile") -> None:
    known = {rule.code for rule in RULES} | {rule.name for rule in RULES}
    hint = _("`uc rule` lists them all")
    faults = [
        tomlfile.Fault(("rule", number, "code"), _("there is no rule {name!r}").format(name=rule.code), hint)
        for number, rule in enumerate(model.rule)
        if rule.code not in known and not rule.code.startswith(("UC1", "DL", "SC"))
    ]
    # A name that nothing begins with would make every rule quiet.
    faults += [
        tomlfile.Fault(("select", number), _("there is no rule {name!r}").format(name=name), hint)
        for number, name in enumerate(model.select)
        if not name.startswith(("DL", "SC")) and not any(one == name or one.startswith(name) for one in known)
    ]
    read.refuse(faults)


def chosen(
    findings: Iterable[Finding], path: Path, choice: Choice | None
) -> tuple[tuple[Finding, ...], tuple[Ignored, ...]]:
    """Those findings about the file at ``path`` that count, as severe as they are said to be; and the others."""
    findings = tuple(findings)
    if choice is None:
        return findings, ()
    kept: list[Finding] = []
    ignored: list[Ignored] = []
    inside = path.relative_to(choice.folder).as_posix()
    for finding in findings:
        if choice.select and not any(_is_about(finding, name, prefix=True) for name in choice.select):
            continue
        fitting = [one for one in choice.rules if _is_about(finding, one.code) and _fits(inside, one.paths)]
        if not fitting:
            kept.append(finding)
        elif fitting[-1].severity == "off":
            ignored.append(Ignored(finding, fitting[-1].reason))
        else:
            kept.append(replace(finding, severity=Severity(fitting[-1].severity)))
    return tuple(kept), tuple(ignored)


def _is_about(finding: Finding, name: str, *, prefix: bool = False) -> bool:
    code = finding.rule.code
    names = {code, finding.rule.name, str((finding.properties or {}).get("code", ""))}
    return name in names or (prefix and code.startswith(name))


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(pattern == "**" or fnmatchcase(path, pattern.replace("**", "*")) for pattern in patterns)
