"""Help and typing errors cost no import that they do not need."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import command_line_environment

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
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "undercurrent", *arguments],
        capture_output=True,
        text=True,
        env=command_line_environment(tmp_path),
        check=False,
    )

    assert done.returncode == exit_code, done.stderr
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip() for line in timed}
    assert "undercurrent.cli.main" in imported
    assert {name.partition(".")[0] for name in imported} & HEAVY == set()


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
