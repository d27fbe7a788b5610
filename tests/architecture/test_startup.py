"""No command waits for an import that it does not need."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.cli import command_line_environment
from tests.support.images import push_image
from tests.support.registry import FakeRegistry

from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings
from undercurrent.signing.keys import PrivateKey, write_key_pair
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory

HEAVY = {
    "aiohttp",
    "alembic",
    "asyncio",
    "cryptography",
    "nacl",
    "platformdirs",
    "pydantic",
    "rich",
    "sqlalchemy",
    "torch",
    "zstandard",
}


@dataclass(frozen=True, slots=True)
class Timed:
    """What a run imported, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str
    imported: frozenset[str]


def run_timed(home: Path, *arguments: str) -> Timed:
    usual = command_line_environment(home).items()
    # What counts which lines run imports some of this itself.
    environment = {name: value for name, value in usual if "COVERAGE" not in name}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "undercurrent", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    imported = frozenset(line.rpartition("|")[2].strip() for line in timed)
    return Timed(done.returncode, done.stdout, done.stderr, imported)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["--lang", "zh", "--help"], 0),
        (["image", "--help"], 0),
        (["imgae"], 2),
        (["image", "sgin"], 2),
        (["--no-such-option"], 2),
    ],
)
def test_nothing_heavy_is_imported(tmp_path: Path, arguments: list[str], exit_code: int) -> None:
    done = run_timed(tmp_path, *arguments)

    assert done.exit_code == exit_code, done.stderr
    assert "undercurrent.cli.main" in done.imported
    assert {name.partition(".")[0] for name in done.imported} & HEAVY == set()


def test_keys_are_used_without_what_only_identities_need() -> None:
    """Importing these takes longer than most commands."""
    needless = ["id", "sigstore", "sigstore_models", "tuf", "securesystemslib", "requests", "jwt", "rfc3161_client"]
    needless += ["pkcs11", "asn1crypto"]
    needless += [
        f"undercurrent.signing.{name}" for name in ("keyless", "notation", "policy", "roots", "proofs.vouching")
    ]
    code = (
        "import sys, undercurrent.cli.image.sign, undercurrent.cli.image.verify;"
        f"print(*(name for name in {needless} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_an_audit_of_files_knows_nothing_of_registries(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nCMD sleep 1\n")
    (tmp_path / "compose.yaml").write_text("services: {web: {build: .}}\n")

    done = run_timed(tmp_path, "harden", "audit", "--hadolint", "off", str(tmp_path))

    assert done.exit_code == 1, done.stderr
    assert "1 image: 1 as root" in done.stdout
    needless = {"aiohttp", "multiprocessing", "nacl", "pydantic", "sqlalchemy", "tarfile"}
    needless |= {f"undercurrent.{name}" for name in ("hardening.fixing", "net", "oci.registry", "oci.stores")}
    assert {name for name in done.imported if any(f"{name}.".startswith(f"{no}.") for no in needless)} == set()


NEEDLESS = {
    "alembic",
    "nacl",
    "pydantic",
    "pydantic_core",
    "requests",
    "sigstore",
    "sqlalchemy",
    "tarfile",
    "tomllib",
    "tuf",
    "zstandard",
    "cryptography.x509",
    "rich.console",
    "undercurrent.oci.files.archive",
    "undercurrent.signing.keyless",
    "undercurrent.signing.notation",
    "undercurrent.signing.policy",
}


async def test_verifying_an_image_with_a_key_imports_only_what_that_takes(tmp_path: Path) -> None:
    """From the start to the verdict: the first time, when there is no evidence yet, and again."""
    key = PrivateKey.generate()
    write_key_pair(key, tmp_path / "cosign.key", b"")
    async with FakeRegistry() as registry, Stores(Settings()) as stores:
        reference = Reference.parse(f"{registry.host}/acme/app:1.0")
        repository = stores.repository(reference)
        manifest = await push_image(repository, {"a": b"b"}, "1.0")
        await sign(Image(repository, str(reference), manifest.descriptor), KeySignatory(key))
        for _time in range(2):
            verifying = ("image", "verify", "--key", str(tmp_path / "cosign.pub"), str(reference))
            done = await asyncio.to_thread(run_timed, tmp_path, *verifying)

            assert done.exit_code == 0, done.stderr
            assert "1 verified" in done.stdout
            assert done.imported >= {"aiohttp", "sqlite3", "undercurrent.evidence.sqlitefile"}
            assert {name for name in done.imported if any(f"{name}.".startswith(f"{no}.") for no in NEEDLESS)} == set()
