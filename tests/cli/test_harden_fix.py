"""``uc harden fix``, as its users run it."""

import os
from pathlib import Path

import pytest
from tests.support.cli import UcRunner

FILE = 'FROM scratch\nCOPY server /server\nEXPOSE 9000\nENTRYPOINT ["/server"]\n'
FIXED = FILE.replace("EXPOSE", "USER 10001:10001\nEXPOSE")


@pytest.fixture
def file(run_uc: UcRunner) -> Path:
    path = run_uc.folder / "shop" / "Dockerfile"
    path.parent.mkdir()
    path.write_text(FILE)
    return path


def test_what_would_change_is_shown_and_nothing_is_written(run_uc: UcRunner, file: Path) -> None:
    result = run_uc("harden", "fix", "shop")
    assert result.exit_code == 1
    assert "@@ -1,4 +1,5 @@\n FROM scratch\n COPY server /server\n+USER 10001:10001\n EXPOSE 9000\n" in result.stdout
    assert "--user 10001:10001 \\\n  --cap-drop ALL \\\n" in result.stdout
    assert result.stdout.endswith("1 file would change\n")
    assert file.read_text() == FILE


@pytest.mark.parametrize(("folder", "name"), [("Ünser__Shop..v2", "nser-shop-v2"), ("магазин", "app")])
def test_an_image_is_called_as_its_folder_as_far_as_images_may_be(run_uc: UcRunner, folder: str, name: str) -> None:
    (run_uc.folder / folder).mkdir()
    (run_uc.folder / folder / "Dockerfile").write_text(FILE)

    shown = run_uc("harden", "fix", folder, "--run-side", "compose")

    assert f"  {name}:\n    image: {name}\n" in shown.stdout


def test_it_is_written_and_then_there_is_nothing_to_do(run_uc: UcRunner, file: Path) -> None:
    result = run_uc("harden", "fix", "shop/Dockerfile", "--write", "--uid", "20000")
    assert (result.exit_code, file.read_text()) == (0, FIXED.replace("10001", "20000"))
    assert "1 file was written" in result.stdout
    again = run_uc("harden", "fix", "shop")
    assert (again.exit_code, again.stdout) == (0, "nothing to change\n")


def test_the_diff_can_be_applied_by_others(run_uc: UcRunner, file: Path) -> None:
    file.write_bytes(FILE.replace("\n", "\r\n").encode())
    data = run_uc("harden", "fix", "shop", "--json").json["data"]
    assert data["files"][0]["path"] == "shop/Dockerfile"
    assert "+USER 10001:10001\r\n EXPOSE 9000\r\n" in data["files"][0]["diff"]
    (image,) = data["images"]
    assert (image["before"], image["after"]) == ("root", "rootless")
    assert image["run"]["securityContext"]["readOnlyRootFilesystem"] is True


def test_it_speaks_chinese(run_uc: UcRunner, file: Path) -> None:
    result = run_uc("harden", "fix", "shop", "--run-side", "compose", "--lang", "zh")
    assert "它以 10001:10001 而不是 root 运行" in result.stdout
    assert "read_only: true" in result.stdout


def test_what_is_left_has_its_reason(run_uc: UcRunner, file: Path) -> None:
    file.write_text('FROM debian:bookworm\nCMD ["/usr/sbin/sshd", "-D"]\n')
    result = run_uc("harden", "fix", "shop", "--write")
    assert result.exit_code == 1
    assert "line 2: sshd needs root: it opens sessions as other users" in result.stdout


def test_what_is_not_there_is_an_error(run_uc: UcRunner) -> None:
    result = run_uc("harden", "fix", "nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


def test_what_cannot_be_read_is_named_once_as_it_was_typed(run_uc: UcRunner, file: Path) -> None:
    os.mkfifo(file.parent / "odd.dockerfile")
    result = run_uc("harden", "fix", "shop", "shop/odd.dockerfile", "--write")
    assert result.exit_code == 1
    (told,) = (line for line in result.stdout.splitlines() if "odd" in line)
    assert told.count("shop/odd.dockerfile") == 1
    assert str(run_uc.folder) not in result.stdout
    assert result.stdout.endswith("1 file was written; 1 file could not be read\n")
    assert file.read_text() == FIXED


def test_manifests_are_for_another_command(run_uc: UcRunner) -> None:
    (run_uc.folder / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\n")
    result = run_uc("harden", "fix", "pod.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no Dockerfile at pod.yaml" in result.stderr
    assert "uc harden manifests pod.yaml" in result.stderr
    (run_uc.folder / "compose.yaml").write_text("services: [\n")
    result = run_uc("harden", "fix", "compose.yaml")
    assert result.exit_code == 1
    assert "compose.yaml, line 2: this is not valid YAML" in result.stderr


def test_a_line_of_another_file_is_told_with_its_name(run_uc: UcRunner, file: Path) -> None:
    file.write_text('FROM python:3.12\nCOPY a.py /a.py\nEXPOSE 80\nCMD ["python", "-m", "http.server", "80"]\n')
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n  - image: example/shop\n"
    (file.parent / "pod.yaml").write_text(pod + "    args: ['80']\n    ports: [{containerPort: 80}]\n")
    result = run_uc("harden", "fix", "shop", "--unsafe-fixes")
    assert "shop/pod.yaml, line 7: Pod shop: it is started with port 80: 80" in result.stdout
    data = run_uc("harden", "fix", "shop", "--unsafe-fixes", "--json").json["data"]
    assert [(one["path"], one["line"]) for one in data["images"][0]["unfixed"]] == [("shop/pod.yaml", 7)]
