"""Finding Dockerfiles, compose files and manifests."""

from pathlib import Path

import pytest

from undercurrent.errors import NotFound
from undercurrent.workflows.discovering import FileKind, find_files

MANIFEST = "apiVersion: v1\nkind: Pod\n"


def tree(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kinds(folder: Path, **options: tuple[str, ...]) -> dict[str, str]:
    found = find_files([folder], **options)
    return {one.path.relative_to(folder).as_posix(): str(one.kind) for one in found}


def test_files_are_told_by_name_and_manifests_by_what_they_say(tmp_path: Path) -> None:
    names = ["Dockerfile", "a/Dockerfile.alpine", "a/web.dockerfile", "b/Containerfile", "b/Dockerfile-dev"]
    others = ["Dockerfile.md", "Dockerfile.dockerignore", "dockerfile_parser.py", "mydockerfile", "README", "c/x.yaml"]
    compose = ["compose.yaml", "c/docker-compose.yml", "c/docker-compose.prod.yml"]
    tree(tmp_path, **dict.fromkeys([*names, *others, *compose], "FROM scratch\n"))
    tree(tmp_path, **{"k/pod.yaml": MANIFEST, "k/kustomization.yaml": "resources: []\n", "h/Chart.yaml": "name: x\n"})
    tree(tmp_path, **{"h/templates/pod.yaml": MANIFEST, "h/charts/inner/Chart.yaml": "name: y\n"})

    assert kinds(tmp_path) == {
        **dict.fromkeys(names, "dockerfile"),
        **dict.fromkeys(compose, "compose"),
        "k/pod.yaml": "kubernetes",
        "k/kustomization.yaml": "kustomize",
        "h/Chart.yaml": "helm",
        "h/charts/inner/Chart.yaml": "helm",
    }


def test_folders_of_others_and_links_out_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "Dockerfile").write_text("FROM scratch\n")
    inside = tmp_path / "inside"
    tree(inside, **{".git/Dockerfile": "", "node_modules/x/Dockerfile": "", "web/Dockerfile": ""})
    (inside / "linked").symlink_to(tmp_path / "outside")
    (inside / "Dockerfile").symlink_to(tmp_path / "outside" / "Dockerfile")
    (inside / "round").symlink_to("round")
    (inside / "web" / "Dockerfile.same").symlink_to("Dockerfile")

    assert list(kinds(inside)) == ["web/Dockerfile", "web/Dockerfile.same"]


def test_patterns_leave_files_and_folders_out(tmp_path: Path) -> None:
    tree(tmp_path, **dict.fromkeys(["a/Dockerfile", "vendor/x/Dockerfile", "b/Dockerfile.test"], ""))

    assert list(kinds(tmp_path, exclude=("vendor", "*.test"))) == ["a/Dockerfile"]
    assert list(kinds(tmp_path, exclude=("vendor/*",))) == ["a/Dockerfile", "b/Dockerfile.test"]


def test_what_is_named_itself_is_taken_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, **{"build.txt": "FROM scratch\n", "pod.yml": "x: 1\n"})
    monkeypatch.chdir(tmp_path)

    found = find_files([Path("build.txt"), Path("pod.yml"), Path("build.txt")])

    assert [(one.name, one.kind) for one in found] == [
        ("build.txt", FileKind.DOCKERFILE),
        ("pod.yml", FileKind.KUBERNETES),
    ]


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere is not there"):
        find_files([tmp_path / "nowhere"])
