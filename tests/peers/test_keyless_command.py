"""``uc image sign --keyless``: where the token comes from, what is refused, what is on record, what verifies after."""

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.support.cli import Result, UcRunner, command_line_environment
from tests.support.cosign import Cosign
from tests.support.images import push_image
from tests.support.oidc import GITHUB, REQUEST_TOKEN
from tests.support.servers import RegistryServer
from tests.support.sigstore_stack import Sigstore
from tests.support.terminal import converse
from tests.support.tufmirror import tuf_mirror

from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.signing.identities import Identity

WORKFLOW: Final = f"https://github.com/{GITHUB['job_workflow_ref']}"
SECRETS: Final = ("eyJ", REQUEST_TOKEN)
"""What no output may have in it: how every token begins, and what tokens are got with."""
BROWSER: Final = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()"


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody's folder, an image of theirs, and a sigstore."""

    uc: UcRunner
    image: str
    sigstore: Sigstore

    def sign(self, *arguments: str, token: str = "", **variables: str) -> Result:
        """Signs the image without a key."""
        env = {"SIGSTORE_ID_TOKEN": token} if token else {}
        done = self.uc("image", "sign", self.image, "--keyless", *arguments, env=env | variables, input=token)
        assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
        return done

    def verify(self, identity: Identity, *arguments: str) -> Result:
        """Verifies the image."""
        whom = ("--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer)
        root = ("--trusted-root", str(self.sigstore.trusted_root))
        return self.uc("image", "verify", self.image, *whom, *root, *arguments)

    @property
    def person(self) -> Identity:
        """Whom tokens for people name."""
        return Identity("ada@example.com", self.sigstore.issuer.people)


@pytest.fixture
async def desk(
    tmp_path: Path, with_referrers: RegistryServer, repository_name: str, stores: Stores, sigstore: Sigstore
) -> Desk:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    (folder / "undercurrent.toml").write_text(
        f'[signing]\ntrust_config = "{sigstore.trust_config}"\n[net]\nretries = 0\n'
    )
    name = f"{with_referrers.host}/{repository_name}:1.0"
    await push_image(stores.repository(Reference.parse(name)), {"motd": name.encode()}, "1.0")
    return Desk(UcRunner(home, folder), name, sigstore)


def signed_by(done: Result, identity: Identity, cosign: Cosign, desk: Desk) -> None:
    assert done.exit_code == 0, done.stderr
    assert len(cosign.verify_as(desk.image, identity, desk.sigstore)) == 1


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    """cosign, which has no key."""
    home = tmp_path / "cosign"
    home.mkdir()
    return Cosign(home)


def test_a_job_of_github_actions_signs_as_its_workflow(desk: Desk, cosign: Cosign) -> None:
    signed_by(
        desk.sign(**desk.sigstore.issuer.job_environment), Identity(WORKFLOW, desk.sigstore.issuer.jobs), cosign, desk
    )


def test_a_job_of_gitlab_signs_with_the_token_it_asked_for(desk: Desk, cosign: Cosign) -> None:
    signed_by(desk.sign(token=desk.sigstore.issuer.of_person(), GITLAB_CI="true"), desk.person, cosign, desk)


def test_a_token_may_come_from_a_descriptor_or_a_file(desk: Desk, cosign: Cosign) -> None:
    token = desk.sigstore.issuer.of_person()
    by_descriptor = desk.uc("image", "sign", desk.image, "--keyless", "--identity-token-fd", "0", input=token + "\n")
    signed_by(by_descriptor, desk.person, cosign, desk)
    (desk.uc.folder / "token").write_text(token)
    by_file = desk.uc("image", "attest", desk.image, "--keyless", "--identity-token-file", "token", *_predicate(desk))
    assert by_file.exit_code == 0, by_file.stderr
    assert cosign.verify_attestation_as(desk.image, "https://a.test/b", desk.person, desk.sigstore)


def _predicate(desk: Desk) -> tuple[str, ...]:
    (desk.uc.folder / "predicate.json").write_text("{}")
    return "--type", "https://a.test/b", "--predicate", "predicate.json"


def test_somebody_at_a_browser_signs_as_themselves(desk: Desk, cosign: Cosign) -> None:
    (desk.uc.folder / "browser.py").write_text(BROWSER)
    env = command_line_environment(desk.uc.home, BROWSER=f"{sys.executable} {desk.uc.folder / 'browser.py'} %s")
    command: list[str | Path] = [Path(sys.executable).with_name("uc"), "image", "sign", desk.image, "--keyless"]
    code, shown = converse(command, [], env=env, cwd=desk.uc.folder)
    assert code == 0, shown
    assert f"waiting until you have signed in at {desk.sigstore.issuer.people}" in " ".join(shown.split())
    assert len(cosign.verify_as(desk.image, desk.person, desk.sigstore)) == 1


def test_what_cannot_be_signed_so_is_refused_before_anything_is_asked(desk: Desk) -> None:
    token = desk.sigstore.issuer.of_person()
    ended = desk.sigstore.issuer.of_person(exp=int(time.time()) - 120)
    cases = {
        "nobody to ask": desk.sign("--no-input"),
        "ended at": desk.sign(token=ended),
        "no identity token": desk.sign(token="correct horse"),
        "only bundles": desk.sign("--format", "legacy", token=token),
        "exclude each other": desk.sign("--key", "cosign.key", token=token),
        "may not have": desk.sign(GITHUB_ACTIONS="true"),
    }
    for reason, refused in cases.items():
        assert refused.exit_code == 2, (reason, refused)
        assert reason in refused.stderr
        assert "hint:" in refused.stderr


def test_a_token_that_is_not_accepted_is_could_not_check(desk: Desk) -> None:
    refused = desk.sign(token=desk.sigstore.issuer.of_person(aud="somebody else"))
    assert refused.exit_code == 4
    assert "is not accepted" in refused.stderr


def test_it_is_on_record_who_signed_and_signing_again_adds_nothing(desk: Desk) -> None:
    for changed in (True, False):
        done = desk.sign("--json", token=desk.sigstore.issuer.of_person())
        assert done.exit_code == 0, done.stderr
        (image,) = done.json["data"]["images"]
        assert image["changed"] is changed
    records = desk.uc("evidence", "list", "--json").json["data"]["records"]
    assert {(one["proof"]["identity"], one["proof"]["issuer"]) for one in records} == {
        (desk.person.subject, desk.person.issuer)
    }
    assert [one["outcome"] for one in records] == ["already-signed", "signed"]


def test_uc_verifies_by_identity(desk: Desk) -> None:
    assert desk.sign(token=desk.sigstore.issuer.of_person()).exit_code == 0
    verified = desk.verify(desk.person, "--json")
    assert verified.exit_code == 0, verified.stderr
    assert desk.person.subject in json.dumps(verified.json["data"])
    refused = desk.verify(Identity("mallory@example.com", desk.person.issuer))
    assert refused.exit_code == 1


def test_a_mirror_says_where_to_sign_and_whom_to_trust(desk: Desk, tmp_path: Path) -> None:
    """As with the public instance: no file names anybody, and no mirror has to answer to verify."""
    served, whom = tmp_path / "mirror", ("--certificate-identity", desk.person.subject)
    served.mkdir()
    verify = ("image", "verify", desk.image, *whom, "--certificate-oidc-issuer", desk.person.issuer)
    with tuf_mirror(served) as mirror:
        mirror.publish(
            {
                "trusted_root.json": desk.sigstore.trusted_root.read_bytes(),
                "signing_config.v0.2.json": desk.sigstore.signing_config.read_bytes(),
            }
        )
        (desk.uc.folder / "first.json").write_bytes(mirror.first_root)
        (desk.uc.folder / "undercurrent.toml").write_text(
            f'[signing]\ntuf_mirror = "{mirror.url}"\ntuf_root = "first.json"\n[net]\nretries = 0\n'
        )
        signed = desk.sign(token=desk.sigstore.issuer.of_person())
        assert signed.exit_code == 0, signed.stderr
        assert desk.uc(*verify).exit_code == 0

        mirror.gone()
        assert desk.uc(*verify).exit_code == 0
        (kept,) = (desk.uc.home / ".cache" / "undercurrent" / "roots").iterdir()
        (kept / "confirmed").write_text("2026-01-01T00:00:00+00:00")
        older = desk.uc(*verify)
        assert older.exit_code == 0
        assert "the roots of 2026-01-01 are used" in " ".join(older.stderr.split())

        mirror.publish_timestamp(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
        (kept / "metadata" / "timestamp.json").write_bytes((served / "timestamp.json").read_bytes())
        stale = desk.uc(*verify)
        assert stale.exit_code == 4
        assert "does not count any more" in " ".join(stale.stderr.split())
