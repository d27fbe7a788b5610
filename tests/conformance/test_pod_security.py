"""Every case of Kubernetes' own for its Pod Security Standards: what a level allows is allowed, and nothing else is.

The cases are not ours: staging/src/k8s.io/pod-security-admission/test/testdata in Kubernetes. A case of "fail" is named
for the check that refuses it, and that very check has to be the one that does here.
"""

import os
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from undercurrent.hardening.manifests import Level, Pod, pods, violations
from undercurrent.splices import as_text
from undercurrent.yamltext import parse

CASES: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "pod-security"
FILES: Final = sorted(CASES.glob("*/v1.35/*/*.yaml"))
PUBLISHED: Final = 148
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here; set UNDERCURRENT_DATA")

# The file says in small letters what the check says in its own; where a stricter check takes the place of one, that.
STRICTER: Final = MappingProxyType(
    {
        "capabilities_baseline": "capabilities_restricted",
        "hostpathvolumes": "restrictedvolumes",
        "procmount": "procmount_restricted",
        "seccompprofile_baseline": "seccompprofile_restricted",
    }
)


def _pod(path: Path) -> Pod:
    (pod,) = pods(parse(as_text(path.read_bytes()), path.name))
    return pod


def _version(path: Path) -> tuple[int, int]:
    major, minor = path.parent.parent.name.removeprefix("v").split(".")
    return int(major), int(minor)


def _level(path: Path) -> Level:
    return "restricted" if path.parents[2].name == "restricted" else "baseline"


def _refusing(path: Path) -> set[str]:
    return {found.check.lower() for found in violations(_pod(path), _level(path), _version(path))}


@needs_cases
def test_all_cases_are_here() -> None:
    assert len(FILES) == PUBLISHED


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CASES)))
def test_a_case_is_classified_as_kubernetes_does(path: Path) -> None:
    refusing = _refusing(path)
    if path.parent.name == "pass":
        assert refusing == set()
        return
    wanted = path.stem.rstrip("0123456789")
    stricter = STRICTER.get(wanted, wanted) if _level(path) == "restricted" else wanted
    assert stricter in refusing


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "fail"], ids=lambda path: path.stem)
def test_what_is_refused_has_a_line_in_the_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for found in violations(_pod(path), _level(path), _version(path)):
        line = text.splitlines()[found.line - 1]
        # What lacks something is pointed at by the innermost thing that is written.
        names = [str(step) for step in found.key if isinstance(step, str)]
        assert found.value == "" or any(name in line for name in names) or found.value in line
