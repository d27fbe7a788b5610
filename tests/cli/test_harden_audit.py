"""``uc harden audit``."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.support.cli import Result, UcRunner
from tests.support.estate import Estate
from tests.support.registry import FakeRegistry

FILES = {
    "web/Dockerfile": "FROM nginx:1.27\nCOPY site /usr/share/nginx/html\n",
    "api/Dockerfile": "FROM python:3.13\nRUN useradd --uid 1000 app\nEXPOSE 8000\nCMD python app.py\n",
    "tool/Dockerfile": "FROM debian:12\nUSER 10001:10001\nCMD sleep 1\n",
    "own/Dockerfile": "FROM registry.example.com/base:1\nCMD sleep 1\n",
}


@pytest.fixture
def tree(run_uc: UcRunner) -> Path:
    """Four applications: two as root, one not, one that nobody knows."""
    for name, text in FILES.items():
        path = run_uc.folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return run_uc.folder


def audit(run_uc: UcRunner, *arguments: str | Path, **more: Any) -> Result:
    return run_uc("harden", "audit", "--hadolint", "off", *arguments, **more)


def codes(result: Result) -> set[tuple[str, str]]:
    return {(one["place"]["name"], one["code"]) for one in result.json["findings"]}


def test_people_see_the_order_of_work(run_uc: UcRunner, tree: Path) -> None:
    result = audit(run_uc)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    places = [line.split()[1] for line in lines[2:5]]
    assert places == ["api/", "web/", "own/"]
    assert "tool/" not in result.stdout
    assert lines[-1].startswith("4 images: 2 as root, 1 unknown, 1 not root, ")


def test_machines_get_every_factor_and_evidence_is_kept(run_uc: UcRunner, tree: Path) -> None:
    result = audit(run_uc, "--json")

    data = result.json["data"]
    first = data["ranking"][0]
    assert (first["name"], first["identity"], first["group"]) == ("api/Dockerfile", "root", "root-without-reason")
    assert first["factors"] == {"exposure": 2, "reach": 3, "uses": 1, "effort": 1}
    assert first["priority"] == 6.0
    assert data["identities"] == {"root": 2, "unknown": 1, "rootless": 1}
    assert {("web/Dockerfile", "UC101"), ("api/Dockerfile", "UC105"), ("own/Dockerfile", "UC102")} <= codes(result)

    records = run_uc("evidence", "list", "--kind", "dockerfile-rootless", "--json").json["data"]["records"]
    assert {one["subject"]: one["outcome"] for one in records} == {
        "web/Dockerfile": "root",
        "api/Dockerfile": "root",
        "tool/Dockerfile": "rootless",
        "own/Dockerfile": "unknown",
    }
    status = run_uc("status", "--json").json["data"]
    assert json.dumps(status).count("dockerfiles-rootless") >= 1


def test_all_shows_each_finding_with_its_line(run_uc: UcRunner, tree: Path) -> None:
    result = audit(run_uc, "api", "--all", env={"COLUMNS": "160"})

    assert "api/Dockerfile\n" in result.stdout
    assert any(line.split()[:3] == ["2", "UC105", "warning"] for line in result.stdout.splitlines()), result.stdout


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)])
def test_the_exit_code_is_what_somebody_wants_to_hear_of(run_uc: UcRunner, tree: Path, fail_on: str, code: int) -> None:
    assert audit(run_uc, "own", "--fail-on", fail_on).exit_code == code


def test_a_baseline_leaves_out_what_was_there(run_uc: UcRunner, tree: Path) -> None:
    first = audit(run_uc, "--write-baseline", "known.json")
    assert first.exit_code == 1

    (tree / "web" / "Dockerfile").write_text("# moved\n\n" + FILES["web/Dockerfile"])
    same = audit(run_uc, "--baseline", "known.json", "--json")
    (tree / "web" / "Dockerfile").write_text(FILES["web/Dockerfile"] + "RUN chmod 777 /srv\n")
    new = audit(run_uc, "--baseline", "known.json", "--json")

    assert (same.exit_code, same.json["findings"]) == (0, [])
    assert codes(new) == {("web/Dockerfile", "UC116")}


def test_ignores_and_rules_by_folder(run_uc: UcRunner, tree: Path) -> None:
    text = FILES["web/Dockerfile"].replace("FROM", "# uc:ignore UC101 -- behind a proxy that drops it\nFROM")
    (tree / "web" / "Dockerfile").write_text(text)
    (tree / "api" / ".undercurrent-harden.toml").write_text('select = ["UC105"]\n')

    result = audit(run_uc, "web", "api", "--json")

    assert {code for name, code in codes(result) if name == "api/Dockerfile"} == {"UC105"}
    assert ("web/Dockerfile", "UC101") not in codes(result)
    (ignored,) = next(one["ignored"] for one in result.json["data"]["files"] if one["name"] == "web/Dockerfile")
    assert ignored["reason"] == "behind a proxy that drops it"


def test_other_programs_read_it(run_uc: UcRunner, tree: Path) -> None:
    sarif = json.loads(audit(run_uc, "--output", "sarif").stdout)
    junit = ET.fromstring(audit(run_uc, "--output", "junit").stdout)  # noqa: S314 - of our own making
    github = audit(run_uc, "--output", "github").stdout

    assert {one["ruleId"] for one in sarif["runs"][0]["results"]} >= {"UC101", "UC102", "UC105"}
    assert {suite.get("name") for suite in junit} == set(FILES)
    assert "::error file=web/Dockerfile,line=1,title=UC101 runs-as-root::" in github


def test_a_repository_is_cloned(run_uc: UcRunner, tree: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("apt-get install git")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", *identity, *arguments], cwd=tree, check=True)

    result = audit(run_uc, "--git", f"file://{tree}", "--json", cwd=run_uc.home)

    assert {one["name"] for one in result.json["data"]["files"]} == {f"file://{tree}//{name}" for name in FILES}


def test_images_that_are_built(run_uc: UcRunner, estate: Estate) -> None:
    result = audit(run_uc, "--images", "--layout", "images", "--json")

    assert result.exit_code == 1
    assert {one["identity"] for one in result.json["data"]["ranking"]} == {"root"}
    assert all(code == "UC101" for _name, code in codes(result))
    records = run_uc("evidence", "list", "--kind", "image-rootless", "--json").json["data"]["records"]
    assert {one["outcome"] for one in records} == {"root"}
    assert {one["subject"] for one in records} >= {estate.digest("acme/both:1.0")}


def test_an_image_that_cannot_be_read_could_not_be_checked(run_uc: UcRunner, estate: Estate) -> None:
    result = audit(run_uc, "--images", "acme/signed:1.0", "acme/nowhere:1.0", "--layout", "images")

    assert result.exit_code == 4
    assert "acme/nowhere:1.0" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere is not there"),
        (["home"], "there is no Dockerfile, compose file or manifest in home"),
        (["--images", "--git", "x"], "files and images are not audited in one run"),
        (["--baseline", "nowhere.json"], "nowhere.json does not exist"),
        (["--git", "ext::sh"], "neither a folder nor an address"),
        (["--build-arg", "x"], "--build-arg 'x' is not NAME=VALUE"),
    ],
)
def test_what_makes_no_sense_is_told(run_uc: UcRunner, tree: Path, arguments: list[str], said: str) -> None:
    (tree / "home").mkdir()

    result = audit(run_uc, *arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("kept.json", "kept.json is not hadolint's JSON"),
        ("web", "web is not a file"),
        ("none.json", "none.json does not exist"),
    ],
)
def test_what_hadolint_did_not_say_is_bad_input(run_uc: UcRunner, tree: Path, kept: str, said: str) -> None:
    (tree / "kept.json").write_text("DL3008 warning: Pin versions\n")

    result = run_uc("harden", "audit", "--hadolint", kept)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error[invalid-config]: {said}")
    assert f"hint: `hadolint --no-fail -f json FILE... > {kept}` writes one" in result.stderr


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("chart/Chart.yaml", "chart is a Helm chart, and helm is not installed"),
        ("deploy/kustomization.yaml", "deploy is a kustomization, and kustomize is not installed"),
    ],
)
def test_what_nobody_can_render_could_not_be_checked(run_uc: UcRunner, tree: Path, file: str, said: str) -> None:
    path = tree / file
    path.parent.mkdir()
    path.write_text("resources: []\n" if "kustom" in file else "apiVersion: v2\nname: a\nversion: 1.0.0\n")

    result = audit(run_uc, "--json", env={"PATH": str(tree / "nowhere")})

    assert result.exit_code == 4
    assert [(one["name"], one["message"]) for one in result.json["data"]["could_not_check"]] == [(file, said)]
    assert ("api/Dockerfile", "UC101") in codes(result)


def test_online_the_registry_says_who_runs_in_a_base(run_uc: UcRunner, registry: FakeRegistry) -> None:
    config = {"os": "linux", "architecture": "amd64", "config": {"User": "10001", "ExposedPorts": {"8080/tcp": {}}}}
    registry.put_configured("acme/base", "1", config)
    (run_uc.folder / "Dockerfile").write_text(f"FROM {registry.host}/acme/base:1\nCMD server\n")

    (silent,) = audit(run_uc, "--offline", "--json").json["data"]["ranking"]
    (asked,) = audit(run_uc, "--online", "--json").json["data"]["ranking"]

    assert silent["identity"] == "unknown"
    assert (asked["identity"], asked["user"], asked["ports"]) == ("rootless", "10001", [8080])


def test_a_layout_says_who_runs_in_a_base(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "app").mkdir()
    (run_uc.folder / "app" / "Dockerfile").write_text("FROM acme/unsigned:1.0\nCMD server\n")
    (unknown,) = audit(run_uc, "app", "--json").json["data"]["ranking"]
    (run_uc.folder / "undercurrent.toml").write_text('[images]\nlayouts = ["images"]\n')
    (known,) = audit(run_uc, "app", "--json").json["data"]["ranking"]

    assert (unknown["identity"], known["identity"]) == ("unknown", "root")


def test_who_runs_in_images_is_in_the_status(run_uc: UcRunner, registry: FakeRegistry) -> None:
    for tag, user in (("app", "10001"), ("root", "")):
        config = {"os": "linux", "architecture": "amd64", "config": {"User": user}}
        registry.put_configured("acme/app", tag, config)
    assert run_uc("status", "--json").json["data"]["shares"]["images-rootless"]["of"] == 0

    result = audit(run_uc, "--images", "--registry", registry.host, "--json")

    assert {one["identity"] for one in result.json["data"]["ranking"]} == {"rootless", "root"}
    share = run_uc("status", "--json").json["data"]["shares"]["images-rootless"]
    assert (share["done"], share["of"]) == (1, 2)


def test_a_user_is_looked_up_in_the_accounts_of_a_base(run_uc: UcRunner) -> None:
    etc = run_uc.folder / "root" / "etc"
    etc.mkdir(parents=True)
    (etc / "passwd").write_text("app:x:10001:10001::/:/bin/sh\n")
    for name, user in (("plain", "0"), ("named", "app")):
        run_uc("image", "pack", "root", "-t", f"acme/{name}:1", "--layout", "images", "--user", user)
    files = {
        "own": "FROM acme/plain:1\nUSER app\n",
        "bases": "FROM acme/named:1\n",
        "copied": "FROM scratch\nCOPY --from=acme/plain:1 /etc/passwd /etc/passwd\nUSER app\n",
        "stage": "FROM acme/plain:1 AS a\nFROM scratch\nCOPY --from=a /etc/passwd /etc/passwd\nUSER app\n",
    }
    for name, text in files.items():
        (run_uc.folder / "apps" / name).mkdir(parents=True)
        (run_uc.folder / "apps" / name / "Dockerfile").write_text(text)
    unknown = audit(run_uc, "apps", "--json").json["data"]["ranking"]
    (run_uc.folder / "undercurrent.toml").write_text('[images]\nlayouts = ["images"]\n')

    result = audit(run_uc, "apps", "--json")

    assert [one["identity"] for one in unknown] == ["unknown"] * 4
    assert {one["name"]: one["identity"] for one in result.json["data"]["ranking"]} == {
        f"apps/{name}/Dockerfile": "rootless" for name in files
    }
    mended = [one["fix"]["description"] for one in result.json["findings"] if one["code"] == "UC103"]
    assert mended == ["write its number: USER 10001:10001"] * 4


def test_why_a_base_is_not_known_is_told(run_uc: UcRunner, registry: FakeRegistry) -> None:
    base = f"{registry.host}/acme/none:1"
    for name, text in {"app": f"FROM {base}\n", "known": f"FROM {base}\nUSER 10001\n"}.items():
        (run_uc.folder / name).mkdir()
        (run_uc.folder / name / "Dockerfile").write_text(text)
    (run_uc.folder / "undercurrent.toml").write_text('[images]\nlayouts = ["nowhere"]\n')

    result = audit(run_uc, "app", "--online", "--json")
    told = audit(run_uc, "app", "--online").stdout
    silent = audit(run_uc, "app", "--offline").stdout
    settled = audit(run_uc, "known", "--online", "--json")

    why = {one["name"].rpartition("/")[2]: one["code"] for one in result.json["data"]["bases_not_known"]}
    assert why == {"nowhere": "not-found", "none:1": "not-found"}
    assert "not known" in told
    assert "--online asks registries" not in told
    assert "--online asks registries and engines who runs in base images" in silent
    assert base not in [one["name"] for one in settled.json["data"]["bases_not_known"]]


def test_the_advice_is_what_the_fix_does(run_uc: UcRunner) -> None:
    text = "FROM python:3.13\nRUN useradd --uid 10042 app\nCOPY . /app\nEXPOSE 8000\nCMD python /app/a.py\n"
    (run_uc.folder / "Dockerfile").write_text(text)

    result = audit(run_uc, "--json")
    run_uc("harden", "fix", ".", "--write")

    advice = {one["code"]: one["fix"]["description"] for one in result.json["findings"] if one["fix"]}
    assert advice["UC101"] == "end with USER 10042, and give it what it writes to"
    assert advice["UC105"] == "end with USER 10042"
    assert "USER 10042\n" in (run_uc.folder / "Dockerfile").read_text()


def test_factors_are_explained(run_uc: UcRunner, tree: Path) -> None:
    lines = audit(run_uc, "--explain").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert [line.partition(":")[0] for line in lines if ": " in line][:4] == ["exposure", "reach", "uses", "effort"]
    assert "`uc harden fix` shows what it would change in Dockerfiles" in lines


def test_a_port_that_is_no_number_is_none(run_uc: UcRunner) -> None:
    container = "{name: a, image: x, ports: [{containerPort: true}]}"
    (run_uc.folder / "pod.yaml").write_text(f"kind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{container}]}}\n")
    result = run_uc("harden", "audit", "pod.yaml", "--json")
    assert result.exit_code == 1, result.stderr
    assert "UC162" not in {finding["code"] for finding in result.json["findings"]}
