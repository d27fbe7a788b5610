"""SARIF, held against its schema, and its fixes against what `uc harden fix` writes."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped]
from tests.support.cli import UcRunner
from tests.support.estate import SIGNED, STRANGE, UNSIGNED, Estate

SCHEMA: Final = Path(__file__).parents[1] / "conformance" / "sarif" / "sarif-schema-2.1.0.json"
DOCKERFILES: Final = {
    "own/Dockerfile": "FROM registry.example.com/base:1\nADD app /app\nCMD sleep 1\n",
    "web/Dockerfile": "FROM nginx:1.27\nCOPY site /usr/share/nginx/html\nADD one.txt /one.txt\n",
    "node/Dockerfile": 'FROM node:22\r\nWORKDIR /app\r\nCOPY . .\r\nEXPOSE 3000\r\nCMD ["node", "server.js"]\r\n',
    "named/Dockerfile": '# é\nFROM python:3.13\nCOPY . /app\nUSER nobody\nCMD ["python", "/app/a.py"]',
    "marked/Dockerfile": "\ufeffFROM node:22\nUSER node\n",
    "redis/Dockerfile": 'FROM redis:7\nCOPY redis.conf /etc/redis.conf\nCMD ["redis-server", "/etc/redis.conf"]\n',
    "redis/redis.conf": "dir /var/lib/redis\n",
}
MANIFESTS: Final = {
    "compose.yaml": "services:\n  web:\n    image: nginx\n    privileged: true\n    ports: ['80:80']\n",
    "pod.yaml": "kind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: c}\n",
    "a folder/Dockerfile": "FROM debian:12\nUSER 10001:10001\nHEALTHCHECK NONE\n",
}


def written(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def checked(text: str) -> dict[str, Any]:
    """The run of a SARIF document, which its schema allows."""
    document = json.loads(text)
    validator = Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(document)] == []
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def audited(run_uc: UcRunner, *arguments: str | Path) -> dict[str, Any]:
    return checked(run_uc("harden", "audit", "--hadolint", "off", *arguments, "--output", "sarif").stdout)


@pytest.mark.parametrize("files", [DOCKERFILES, MANIFESTS], ids=["dockerfiles", "manifests"])
def test_audits_of_files_are_valid(run_uc: UcRunner, files: dict[str, str]) -> None:
    written(run_uc.folder, files)

    assert audited(run_uc)["results"]


def test_an_audit_without_findings_is_valid(run_uc: UcRunner) -> None:
    written(run_uc.folder, {"Dockerfile": "FROM scratch\nCOPY app /app\nUSER 10001:10001\nHEALTHCHECK CMD /app -t\n"})

    assert audited(run_uc)["results"] == []


def test_images_that_are_built_are_valid(run_uc: UcRunner, estate: Estate) -> None:
    found = audited(run_uc, "--images", UNSIGNED, "--layout", "images")
    verified = run_uc("image", "verify", SIGNED, UNSIGNED, STRANGE, "--layout", "images", "--output", "sarif")

    assert {one["ruleId"] for one in found["results"]} >= {"UC101"}
    assert checked(verified.stdout)["results"]


def test_fixes_are_what_the_fix_writes(run_uc: UcRunner) -> None:
    written(run_uc.folder, DOCKERFILES)
    results = audited(run_uc)["results"]
    offered = dict(applied(run_uc.folder, results, "UC101", "UC103"))

    fixed = run_uc("harden", "fix", ".", "--write")

    assert "4 files were written" in fixed.stdout
    assert set(offered) >= {"node/Dockerfile", "named/Dockerfile", "marked/Dockerfile"}
    changed = {
        name: (run_uc.folder / name).read_bytes().decode()
        for name, text in DOCKERFILES.items()
        if (run_uc.folder / name).read_bytes() != text.encode()
    }
    assert offered == changed


def test_a_rule_that_knows_the_edit_offers_it(run_uc: UcRunner) -> None:
    written(run_uc.folder, DOCKERFILES)

    offered = dict(applied(run_uc.folder, audited(run_uc, "web")["results"], "UC119"))

    assert offered == {"web/Dockerfile": DOCKERFILES["web/Dockerfile"].replace("ADD one", "COPY one")}


def test_what_a_reader_could_misplace_is_not_offered(run_uc: UcRunner) -> None:
    (run_uc.folder / "Dockerfile").write_bytes(b"# caf\xe9\nFROM node:22\nADD a /a\nUSER node\n")

    assert all("fixes" not in one for one in audited(run_uc)["results"])


def applied(folder: Path, results: list[dict[str, Any]], *codes: str) -> Iterator[tuple[str, str]]:
    """Files with the fixes of ``codes`` made, by their lines and columns, as a reader of SARIF would."""
    edits: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for fix in (fix for one in results if one["ruleId"] in codes for fix in one.get("fixes", [])):
        for change in fix["artifactChanges"]:
            name = unquote(change["artifactLocation"]["uri"])
            lines = text_of(folder / name).splitlines(keepends=True)
            starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
            for one in change["replacements"]:
                region = one["deletedRegion"]
                start = starts[region["startLine"] - 1] + region["startColumn"] - 1
                end = starts[region["endLine"] - 1] + region["endColumn"] - 1
                edits[name].append((start, end, one["insertedContent"]["text"]))
    for name, made in edits.items():
        text = text_of(folder / name)
        for start, end, new in sorted(made, reverse=True):
            text = text[:start] + new + text[end:]
        mark = "\ufeff" if (folder / name).read_bytes().startswith(b"\xef\xbb\xbf") else ""
        yield name, mark + text


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")
