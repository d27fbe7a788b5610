"""uc trust: which root of trust, from where, how old; could not check where nothing counts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.sigstorepublic import public_trusted_root
from tests.support.tufmirror import TufMirror, tuf_mirror


@pytest.fixture
def mirror(tmp_path: Path, run_uc: UcRunner) -> Iterator[TufMirror]:
    """A mirror with the public root, which the configuration in the working folder names."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with tuf_mirror(folder) as running:
        running.publish({"trusted_root.json": public_trusted_root()})
        (run_uc.folder / "first.json").write_bytes(running.first_root)
        (run_uc.folder / "undercurrent.toml").write_text(
            f'[signing]\ntuf_mirror = "{running.url}"\ntuf_root = "first.json"\n[net]\nretries = 0\n'
        )
        yield running


def test_a_root_is_fetched_and_shown_with_its_age(mirror: TufMirror, run_uc: UcRunner) -> None:
    assert run_uc("trust", "show").exit_code == 2
    updated = run_uc("trust", "update", "--json")
    assert updated.exit_code == 0, updated.stderr
    data = updated.json["data"]
    assert data["source"] == mirror.url
    assert datetime.now(UTC) - datetime.fromisoformat(data["confirmed"]) < timedelta(minutes=1)
    assert datetime.fromisoformat(data["expires"]) > datetime.now(UTC) + timedelta(days=360)
    assert {one["role"] for one in data["members"]} == {
        "certificate-authority",
        "certificate-log",
        "timestamp-authority",
        "log",
    }

    mirror.gone()
    shown = run_uc("trust", "show", env={"COLUMNS": "140"})
    assert shown.exit_code == 0
    for text in (mirror.url, "just now", "counts until", "https://rekor.sigstore.dev", "sigstore-intermediate"):
        assert text in shown.stdout
    assert run_uc("trust", "show", "--json").json["data"] == data
    assert run_uc("trust", "update").exit_code == 4


def test_what_has_expired_is_could_not_check(mirror: TufMirror, run_uc: UcRunner) -> None:
    mirror.publish_timestamp(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
    refused = run_uc("trust", "update")
    assert refused.exit_code == 4
    assert "has expired" in refused.stderr


def test_what_is_forged_is_refused(mirror: TufMirror, run_uc: UcRunner) -> None:
    run_uc("trust", "update")
    mirror.usurp()
    mirror.publish({"trusted_root.json": b"{}"})
    refused = run_uc("trust", "update")
    assert refused.exit_code == 1
    assert "does not prove" in refused.stderr
    assert run_uc("trust", "show").exit_code == 0


def test_a_private_instance_is_shown_from_its_file(run_uc: UcRunner) -> None:
    document = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": json.loads(public_trusted_root()),
        "signingConfig": {},
    }
    (run_uc.folder / "ours.json").write_text(json.dumps(document))
    shown = run_uc("trust", "show", "--trust-config", "ours.json")
    assert shown.exit_code == 0, shown.stderr
    assert "ours.json" in shown.stdout
