"""Where the documents of a run are written to."""

from pathlib import Path

import pytest

from undercurrent.errors import EnvironmentLacks, UsageError
from undercurrent.fleet import Succeeded, Summary
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.digest import Digest
from undercurrent.sbom.document import FORMATS, FormatName, Sbom
from undercurrent.workflows.sboms import documents, written


def made(tmp_path: Path, image: str = "ghcr.io/acme/app:1.0", **changes: str) -> Sbom:
    """A document that was made; its bytes name what it is about."""
    platform = Platform.parse(changes.get("platform", "linux/amd64"))
    name: FormatName = "cyclonedx" if changes.get("format") == "cyclonedx" else "spdx"
    digest = Digest.of(f"{image} {platform}".encode())
    path = tmp_path / "cache" / f"{digest.encoded}.{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{image} {platform} {name}")
    return Sbom(image, digest, platform, FORMATS[name], path, 3, "1.18.1")


def summary_of(*results: tuple[Sbom, ...]) -> Summary[tuple[Sbom, ...]]:
    outcomes = tuple(Succeeded(str(number), result) for number, result in enumerate(results))
    return Summary(outcomes, interrupted=False, duration_s=0.0)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_gets_a_file_for_each_document(tmp_path: Path) -> None:
    first = made(tmp_path), made(tmp_path, format="cyclonedx"), made(tmp_path, platform="linux/arm/v7")
    second = made(tmp_path, "oci:my images:tool")

    files = written(summary_of(first, (second,)), tmp_path / "new" / "folder")

    assert contents(tmp_path / "new" / "folder") == {
        "ghcr.io_acme_app_1.0-linux-amd64.spdx.json": "ghcr.io/acme/app:1.0 linux/amd64 spdx",
        "ghcr.io_acme_app_1.0-linux-amd64.cdx.json": "ghcr.io/acme/app:1.0 linux/amd64 cyclonedx",
        "ghcr.io_acme_app_1.0-linux-arm-v7.spdx.json": "ghcr.io/acme/app:1.0 linux/arm/v7 spdx",
        "oci_my_images_tool-linux-amd64.spdx.json": "oci:my images:tool linux/amd64 spdx",
    }
    assert {path.read_text() for path in files.values()} == {document.read().decode() for document in files}


def test_images_whose_names_look_alike_do_not_overwrite_one_another(tmp_path: Path) -> None:
    alike = made(tmp_path, "acme/app:1.0"), made(tmp_path, "acme_app:1.0"), made(tmp_path, "acme/app_1.0")

    files = written(summary_of(alike), tmp_path / "folder")

    assert len(set(files.values())) == 3
    assert sorted(contents(tmp_path / "folder").values()) == sorted(document.read().decode() for document in alike)


def test_one_document_may_go_into_a_file(tmp_path: Path) -> None:
    document = made(tmp_path)

    assert written(summary_of((document,)), tmp_path / "app.json") == {document: tmp_path / "app.json"}
    assert (tmp_path / "app.json").read_bytes() == document.read()


def test_a_folder_may_be_called_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "app.json").mkdir()

    (path,) = written(summary_of((made(tmp_path), made(tmp_path))), tmp_path / "app.json").values()

    assert path.parent == tmp_path / "app.json"


def test_several_do_not_fit_into_one_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 documents do not fit into one file"):
        written(summary_of((made(tmp_path), made(tmp_path, "other"))), tmp_path / "app.json")
    assert not (tmp_path / "app.json").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(UsageError, match="file is no folder"):
        written(summary_of((made(tmp_path),)), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks, match="/proc/nowhere cannot be written"):
        written(summary_of((made(tmp_path),)), Path("/proc/nowhere"))


def test_the_documents_of_all_images(tmp_path: Path) -> None:
    one, two = made(tmp_path, "one"), made(tmp_path, "two")

    assert documents(summary_of((one,), (), (two,))) == [one, two]
