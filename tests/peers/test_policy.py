"""A policy judges what the real cosign signed and attested, in both formats, on a real registry."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from tests.support.cosign import Cosign, cosign_with_key
from tests.support.images import push_image
from tests.support.servers import RegistryServer

from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.signing.policy.deciding import decide
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.verify import Verdict

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY: Final = """
version = 1
[[authority]]
name = "release"
keys = ["release/cosign.pub"]
[[authority]]
name = "ci"
keys = ["ci/cosign.pub"]

[[rule]]
name = "production"
images = ["{host}/**:1.*"]
signed_by = ["release"]

  [[rule.attestation]]
  type = "slsaprovenance1"
  by = ["ci"]
  where = [{{ field = "runDetails.builder.id", matches = "https://ci\\\\.example/.*" }}]

  [[rule.attestation]]
  type = "vuln"
  by = ["ci"]
  newest = "metadata.scanFinishedOn"
  where = [
    {{ field = "metadata.scanFinishedOn", max_age_days = 7 }},
    {{ field = "scanner.result.Results[*].Severity", in = ["HIGH", "CRITICAL"], which = "none" }},
  ]

  [[rule.attestation]]
  type = "openvex"
  by = ["ci", "release"]
  require = "any"
  where = [{{ field = "statements[*].status", in = ["not_affected", "fixed"] }}]
"""


def provenance(builder: str) -> object:
    return {
        "buildDefinition": {"buildType": "https://ci.example/build", "externalParameters": {"ref": "refs/tags/v1"}},
        "runDetails": {"builder": {"id": builder}},
    }


def scan(day: int, *severities: str) -> object:
    when = f"2026-02-{day:02}T12:00:00Z"
    return {
        "invocation": {"uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:github/scanner",
            "version": "1",
            "db": {"uri": "", "version": ""},
            "result": {"Results": [{"Severity": severity} for severity in severities]},
        },
        "metadata": {"scanStartedOn": when, "scanFinishedOn": when},
    }


def vex(status: str) -> object:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "author": "acme",
        "timestamp": "2026-02-27T00:00:00Z",
        "version": 1,
        "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "products": [], "status": status}],
    }


@dataclass(frozen=True, slots=True)
class People:
    """Who signs, each with a cosign of their own, below one folder."""

    folder: Path
    release: Cosign
    ci: Cosign

    def policy(self, host: str) -> Policy:
        file = self.folder / "policy.toml"
        file.write_text(POLICY.format(host=host))
        return read_policy(file).policy()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    folder = tmp_path_factory.mktemp("people")
    for name in ("release", "ci"):
        (folder / name).mkdir()
    return People(folder, cosign_with_key(folder / "release"), cosign_with_key(folder / "ci"))


@pytest.fixture
async def image(distribution3: RegistryServer, repository_name: str, stores: Stores) -> Image:
    name = f"{distribution3.host}/{repository_name}:1.0"
    await push_image(stores.repository(Reference.parse(name)), {"motd": name.encode()}, "1.0")
    return await stores.image(name)


def attest(cosign: Cosign, image: Image, kind: str, predicate: object, *, legacy: bool) -> None:
    file = cosign.home / "predicate.json"
    file.write_text(json.dumps(predicate))
    cosign.attest(f"{image.repository}@{image.digest}", file, kind, legacy=legacy)


@pytest.mark.parametrize("legacy", [True, False])
async def test_what_cosign_signed_and_attested_is_judged(
    people: People, distribution3: RegistryServer, image: Image, legacy: bool
) -> None:
    policy = people.policy(distribution3.host)

    async def decided() -> Decision:
        return await decide(image, policy, now=NOW)

    unsigned = await decided()
    people.ci.sign(f"{image.repository}@{image.digest}", legacy=legacy)
    by_another = await decided()
    people.release.sign(f"{image.repository}@{image.digest}", legacy=legacy)
    without = await decided()
    attest(people.ci, image, "slsaprovenance1", provenance("https://ci.example/runner"), legacy=legacy)
    attest(people.ci, image, "vuln", scan(27, "LOW"), legacy=legacy)
    attest(people.ci, image, "openvex", vex("affected"), legacy=legacy)
    affected = await decided()
    attest(people.release, image, "openvex", vex("not_affected"), legacy=legacy)
    good = await decided()
    attest(people.ci, image, "vuln", scan(28, "LOW", "HIGH"), legacy=legacy)
    newer = await decided()

    assert (unsigned.verdict, by_another.verdict) == (Verdict.UNSIGNED, Verdict.UNTRUSTED)
    assert (without.verdict, without.reason) == (Verdict.DENIED, "attestation-missing")
    assert (affected.verdict, affected.reason) == (Verdict.DENIED, "condition-not-met")
    assert 'statements[0].status is "affected"' in affected.message
    assert good.verdict is Verdict.VERIFIED, good.message
    assert (newer.verdict, newer.reason) == (Verdict.DENIED, "condition-not-met")
    assert 'scanner.result.Results[1].Severity is "HIGH"' in newer.message
