"""Which variables hold secrets."""

import pytest

from undercurrent.hardening.auditing.dockerfiles import audit_dockerfile
from undercurrent.hardening.model import known
from undercurrent.hardening.rules.manifests import in_pods
from undercurrent.hardening.rules.secretnames import is_secret
from undercurrent.kube import pods
from undercurrent.yamltext import parse

SECRETS = [
    ("DB_PASSWORD", "hunter2"),
    ("API_KEY", "3f9c1d77"),
    ("apikey", "3f9c1d77"),
    ("AWS_SECRET_ACCESS_KEY", "/wJalrXUtnFEMI/K7MDENG"),
    ("SECRET_KEY_BASE", "0123"),
    ("PASSWORD2", "hunter2"),
]
OTHERS = [
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("TOKEN_TTL", "1h"),
    ("AWS_ACCESS_KEY_ID", "x"),
    ("PASSWORD_MIN_LENGTH", "12"),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
    ("MYSQL_RANDOM_ROOT_PASSWORD", "1"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/gcp/key.json"),
    ("TOKEN", "${OTHER}"),
    ("COMPASSWORD", "x"),
    ("TOKEN", ""),
    ("TOKEN", None),
]


@pytest.mark.parametrize(
    ("name", "value", "secret"), [(*one, True) for one in SECRETS] + [(*one, False) for one in OTHERS]
)
def test_names_and_values_tell(name: str, value: str | None, secret: bool) -> None:
    assert is_secret(name, value) is secret


@pytest.mark.parametrize(("name", "value"), SECRETS + [one for one in OTHERS if one[1]])
def test_dockerfiles_and_manifests_agree(name: str, value: str) -> None:
    dockerfile = f"FROM debian:12\nENV {name}={value}\n"
    pod = f"kind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - env: [{{name: {name}, value: '{value}'}}]\n"
    built = audit_dockerfile(dockerfile.encode(), "Dockerfile", find_base=known).findings
    run = in_pods(pods(parse(pod, "pod.yaml")))

    assert any(one.rule.code == "UC118" for one in built) == any(one.rule.code == "UC159" for one in run)
