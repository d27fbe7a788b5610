"""``uc image pack`` and ``uc image sbom``."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.cli import UcRunner
from tests.support.estate import TWO_PLATFORMS, UNSIGNED, Estate
from tests.support.registry import FakeRegistry


@pytest.fixture
def files(run_uc: UcRunner) -> Path:
    folder = run_uc.folder / "files"
    folder.mkdir()
    (folder / "hello").write_text("hello\n")
    return folder


def config_of(layout: Path, digest: str) -> Any:
    def blob(name: str) -> Any:
        return json.loads((layout / "blobs" / "sha256" / name.partition(":")[2]).read_bytes())

    return blob(blob(digest)["config"]["digest"])


def test_the_same_input_has_the_same_digest_however_it_comes(run_uc: UcRunner, files: Path) -> None:
    (files / "hello").chmod(0o644)
    files.chmod(0o755)
    subprocess.run(["tar", "-C", files, "--owner=0", "--group=0", "-cf", run_uc.folder / "files.tar", "."], check=True)

    packed = [
        run_uc("image", "pack", source, "-t", f"app:{number}", "--layout", f"images{number}", "--json")
        for number, source in enumerate(("files", "files", "files.tar"))
    ]

    assert [result.exit_code for result in packed] == [0, 0, 0], packed[2].stderr
    assert len({result.json["data"]["digest"] for result in packed}) == 1
    assert packed[0].json["data"]["place"] == "oci:images0:app:0"


def test_how_it_is_run_comes_from_flags(run_uc: UcRunner, files: Path) -> None:
    result = run_uc(
        *("image", "pack", "files", "-t", "app:1.0", "--layout", "images", "--platform", "linux/arm64", "--json"),
        *("--entrypoint", "/bin/app --name 'a b'", "--cmd", '["serve"]', "--env", "A=1", "--env", "B=x=y"),
        *("--user", "10001:10001", "--workdir", "/srv", "--label", "team=red", "--port", "8080", "--port", "53/udp"),
        *("--author", "Ann", "--owner", "10001:10001", "--compression", "zstd"),
    )

    config = config_of(run_uc.folder / "images", result.json["data"]["digest"])
    assert (config["os"], config["architecture"], config["author"]) == ("linux", "arm64", "Ann")
    assert config["config"] == {
        "User": "10001:10001",
        "ExposedPorts": {"53/udp": {}, "8080/tcp": {}},
        "Env": ["A=1", "B=x=y"],
        "Entrypoint": ["/bin/app", "--name", "a b"],
        "Cmd": ["serve"],
        "WorkingDir": "/srv",
        "Labels": {"team": "red"},
    }


def test_several_platforms_make_an_index_and_the_embedded_store_is_the_default(run_uc: UcRunner, files: Path) -> None:
    result = run_uc("image", "pack", "linux/amd64=files", "linux/arm64=files", "-t", "app:1.0", "--json")

    store = run_uc.home / ".local/share/undercurrent/images"
    assert result.json["data"]["place"] == f"oci:{store}:app:1.0"
    assert result.json["data"]["platforms"] == 2
    (image,) = run_uc("image", "list", "--json", env={"PATH": ""}).json["data"]["images"]
    assert image["platforms"] == ["linux/amd64", "linux/arm64"]


def test_it_can_go_straight_into_a_registry(run_uc: UcRunner, files: Path, registry: FakeRegistry) -> None:
    result = run_uc("image", "pack", "files", "-t", f"{registry.host}/acme/app:1.0", "--push", "--json")

    assert registry.repositories["acme/app"].tags["1.0"] == result.json["data"]["digest"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["files/hello"], "files/hello is "),
        (["files", "--owner", "root"], "--owner 'root' is not UID:GID"),
        (["files", "--env", "FOO"], "--env 'FOO' is not NAME=VALUE"),
        (["files", "--platform", "plan9"], "'plan9' is not a platform"),
        (["files", "--port", "http"], "'http' is not a port"),
        (["files", "--entrypoint", '["a"'], "is no JSON list"),
        (["files", "--entrypoint", "it's"], '"it\'s" is not a command'),
        (["files", "--layout", "files"], "files is not an OCI layout"),
        (["linux/amd64=files", "linux/amd64=files"], "linux/amd64"),
        (["files", "-t", "Not A Reference"], "'Not A Reference' is not an image reference"),
    ],
)
def test_what_cannot_be_packed(run_uc: UcRunner, files: Path, arguments: list[str], message: str) -> None:
    result = run_uc("image", "pack", *(["-t", "app:1.0"] if "-t" not in arguments else []), *arguments)

    assert result.exit_code in {1, 2}
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# SBOMs


def test_an_sbom_for_each_platform_and_format(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc(
        *("image", "sbom", TWO_PLATFORMS, UNSIGNED, "--layout", "images", "--to", "sboms"),
        *("--format", "spdx", "--format", "cyclonedx"),
    )

    assert result.exit_code == 0, result.stderr
    names = [
        f"acme_{image}_1.0-linux-{architecture}.{suffix}.json"
        for image, architecture in (("both", "amd64"), ("both", "arm64"), ("unsigned", "amd64"))
        for suffix in ("cdx", "spdx")
    ]
    assert sorted(path.name for path in (run_uc.folder / "sboms").iterdir()) == names
    assert all(f"sboms/{name}" in result.stdout for name in names)
    spdx = json.loads((run_uc.folder / "sboms" / names[1]).read_bytes())
    assert "click" in {package["name"] for package in spdx["packages"]}


def test_one_document_goes_to_standard_output_or_into_a_file(run_uc: UcRunner, estate: Estate) -> None:
    asked = ("image", "sbom", UNSIGNED, "--layout", "images")
    env = {"SBOM_FORMAT": "cyclonedx"}
    shown, filed = run_uc(*asked, "--to", "-", env=env), run_uc(*asked, "--to", "app.json", env=env)

    assert shown.json["bomFormat"] == "CycloneDX"
    assert (run_uc.folder / "app.json").read_text() == shown.stdout
    assert filed.stdout.splitlines()[-1] == "app.json"


def test_machines_learn_where_each_document_is(run_uc: UcRunner, estate: Estate) -> None:
    made = run_uc("image", "sbom", TWO_PLATFORMS, "--layout", "images", "--json")

    documents = made.json["data"]["documents"]
    assert [(one["platform"], one["format"], one["packages"]) for one in documents] == [
        ("linux/amd64", "spdx", 1),
        ("linux/arm64", "spdx", 1),
    ]
    assert all(Path(one["file"]).is_file() for one in documents)
    assert documents[0]["digest"] != documents[1]["digest"]
