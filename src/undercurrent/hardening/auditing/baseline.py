"""Findings that are known from before: a file of fingerprints, which stay when lines move.

A fingerprint is made of the rule's code, the file's name, the text of the instruction (or line) that it is about, white
space aside, and a number where the same thing stands there several times.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from undercurrent.errors import ConfigError, UndercurrentError
from undercurrent.findings import Finding
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.regular import reading

__all__ = ["SCHEMA", "baseline_text", "fingerprinted", "read_baseline"]

SCHEMA: Final = "undercurrent/harden-baseline/v1"
"""Version of the file."""
_MAX: Final = 64 * 1024 * 1024
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{32}")
_SPACE: Final = re.compile(r"\s+")


def fingerprinted(findings: Iterable[Finding], text_at: Callable[[int], str]) -> tuple[Finding, ...]:
    """``findings`` of one file, each with its fingerprint.

    Args:
        findings: in their order.
        text_at: what stands at a line, from 1: the whole instruction, if it belongs to one.
    """
    counts: Counter[str] = Counter()
    done = []
    for finding in findings:
        about = _SPACE.sub(" ", text_at(finding.place.line)).strip() if finding.place.line else ""
        code = str((finding.properties or {}).get("code", ""))
        key = f"{finding.rule.code}\0{code}\0{finding.place.name}\0{about}"
        counts[key] += 1
        digest = hashlib.sha256(f"{key}\0{counts[key]}".encode("utf-8", "surrogateescape")).hexdigest()
        done.append(replace(finding, fingerprint=digest[:32]))
    return tuple(done)


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline file.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        with reading(path) as file:
            raw = file.read(_MAX + 1)
    except OSError as error:
        raise ConfigError(
            _("cannot read {path}: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("`--write-baseline FILE` writes one"),
        ) from error
    except UndercurrentError as error:
        raise ConfigError(error.message, hint=_("`--write-baseline FILE` writes one")) from error
    try:
        data = json.loads(raw) if len(raw) <= _MAX else None
    except (ValueError, RecursionError):
        data = None
    known = data.get("findings") if isinstance(data, Mapping) and data.get("schema") == SCHEMA else None
    if not isinstance(known, list) or not all(map(_is_entry, known)):
        raise ConfigError(
            _("{path} is no baseline of `uc harden audit`").format(path=path),
            hint=_("`--write-baseline FILE` writes one"),
        )
    return frozenset(entry["fingerprint"] for entry in known)


def _is_entry(entry: Any) -> bool:
    fingerprint = entry.get("fingerprint") if isinstance(entry, Mapping) else None
    return isinstance(fingerprint, str) and bool(_FINGERPRINT.fullmatch(fingerprint))


def baseline_text(findings: Iterable[Finding]) -> str:
    """A baseline file of the findings that there are now; whoever reads it sees what was accepted."""
    entries: list[dict[str, Any]] = [
        {
            "fingerprint": finding.fingerprint,
            "code": finding.rule.code,
            "name": finding.place.name,
            "line": finding.place.line,
        }
        for finding in findings
    ]
    entries.sort(key=lambda entry: (entry["name"], entry["code"], entry["line"], entry["fingerprint"]))
    return json.dumps({"schema": SCHEMA, "findings": entries}, indent=2, ensure_ascii=True) + "\n"
