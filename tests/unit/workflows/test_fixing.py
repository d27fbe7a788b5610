"""Files are fixed together: Dockerfiles, what their contexts bring, and compose files."""

import os
from pathlib import Path

import pytest
from tests.support.images import push_image

from undercurrent.errors import EnvironmentLacks, NotFound, Refused
from undercurrent.oci.files.layout import Layout
from undercurrent.settings import HardenSettings, ImagesSettings, Settings
from undercurrent.workflows.fixing import Wish, fix, write

NGINX = "FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"
SITE = "server {\n  listen 80;\n}\n"
COMPOSE = """\
services:
  web: # the site
    build: ./web
    ports:
      - "80:80"
      - target: 80
        published: 8888
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text(NGINX)
    (tmp_path / "web" / "default.conf").write_text(SITE)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


async def test_a_port_moves_in_the_file_its_configuration_and_its_mappings(folder: Path) -> None:
    fixes = await fix([Path()], Settings(), Wish())
    assert [file.name for file in fixes.files] == ["compose.yaml", "web/Dockerfile", "web/default.conf"]
    write(fixes)
    assert (folder / "web" / "default.conf").read_text() == SITE.replace("80", "8080")
    assert (folder / "compose.yaml").read_text() == COMPOSE.replace('"80:80"', '"80:8080"').replace(
        "target: 80\n", "target: 8080\n"
    )
    assert (folder / "web" / "Dockerfile").read_text().endswith("EXPOSE 8080\nUSER 10001:10001\n")
    assert not (await fix([Path()], Settings(), Wish())).files


async def test_the_user_is_the_one_that_is_set(folder: Path) -> None:
    write(await fix([Path()], Settings(harden=HardenSettings(uid=20002)), Wish()))
    assert (folder / "web" / "Dockerfile").read_text().endswith("USER 20002:20002\n")


async def test_a_named_user_gets_the_number_that_the_base_has_for_it(folder: Path) -> None:
    layout = Layout.open(folder / "images", create=True)
    passwd = {"etc/passwd": b"root:x:0:0::/:/bin/sh\napp:x:20001:50::/home/app:/bin/sh\n"}
    await push_image(layout, passwd, "example.test/acme/base:1")
    (folder / "web" / "Dockerfile").write_text('FROM example.test/acme/base:1\nUSER app\nCMD ["serve"]\n')
    settings = Settings(images=ImagesSettings(layouts=(layout.path,)))
    (made,) = (await fix([Path("web")], settings, Wish())).plans
    assert made.image.runner.uid == 20001
    assert made.run is not None
    assert made.run.user == 20001


async def test_a_file_that_is_laid_over_follows_too(folder: Path) -> None:
    over = "services:\n  web:\n    ports: ['8081:80']\n"
    (folder / "compose.override.yml").write_text(over)
    write(await fix([Path()], Settings(), Wish()))
    assert (folder / "compose.override.yml").read_text() == over.replace("8081:80", "8081:8080")
    assert '"80:8080"' in (folder / "compose.yaml").read_text()


async def test_without_the_compose_file_it_is_no_safe_change(folder: Path) -> None:
    fixes = await fix([Path("web")], Settings(), Wish())
    assert not fixes.files
    assert [change.kind for change in fixes.plans[0].hidden if not change.safe] == ["port"]


async def test_another_service_that_speaks_to_the_port_makes_it_unsafe(folder: Path) -> None:
    (folder / "compose.yaml").write_text(COMPOSE + "  test:\n    image: curl\n    command: curl http://web:80/\n")
    assert not (await fix([Path()], Settings(), Wish())).files


async def test_a_configuration_that_is_mounted_may_say_the_old_port(folder: Path) -> None:
    (folder / "compose.yaml").write_text(COMPOSE + "    volumes: [./own.conf:/etc/nginx/conf.d/default.conf:ro]\n")
    assert not (await fix([Path()], Settings(), Wish())).files


async def test_the_stages_that_compose_builds_are_fixed_and_the_last(folder: Path) -> None:
    text = """\
FROM python:3.12 AS base
COPY app.py /app.py
CMD ["python", "/app.py"]

FROM base AS test
RUN pip install pytest
CMD ["pytest"]
"""
    (folder / "web" / "Dockerfile").write_text(text)
    (folder / "compose.yaml").write_text("services:\n  web:\n    build: {context: web, target: base}\n")
    fixes = await fix([Path()], Settings(), Wish(unsafe=True))
    assert [plan.image.stage.name for plan in fixes.plans] == ["base", "test"]
    after = fixes.files[0].after
    assert 'USER 10001:10001\nCMD ["python"' in after
    assert "FROM base AS test\nUSER 0\nRUN pip" in after
    assert after.endswith('USER 10001:10001\nCMD ["pytest"]\n')
    # Lines are those of the file as it was.
    assert [change.line for change in fixes.plans[1].changes if change.kind == "user"] == [6]


async def test_only_the_target_that_is_asked_for(folder: Path) -> None:
    (folder / "web" / "Dockerfile").write_text('FROM scratch AS a\nCOPY a /a\nEXPOSE 9000\nCMD ["/a"]\nFROM scratch\n')
    fixes = await fix([Path("web")], Settings(), Wish(target="a"))
    assert [plan.image.stage.name for plan in fixes.plans] == ["a"]
    fixes = await fix([Path("web")], Settings(), Wish(target="b"))
    assert not fixes.files
    assert fixes.not_read[0].key == "web/Dockerfile"


async def test_permissions_are_kept_and_links_are_followed(folder: Path) -> None:
    real = folder / "web" / "Dockerfile"
    real.rename(folder / "web" / "real")
    real.symlink_to("real")
    (folder / "web" / "real").chmod(0o640)
    write(await fix([Path()], Settings(), Wish()))
    assert real.is_symlink()
    assert "USER 10001:10001" in (folder / "web" / "real").read_text()
    assert (folder / "web" / "real").stat().st_mode & 0o777 == 0o640


async def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "Dockerfile"
    other.write_text('FROM scratch\nCOPY a /a\nEXPOSE 9000\nCMD ["/a"]\n')
    (folder / "web" / "Dockerfile").unlink()
    (folder / "web" / "Dockerfile").symlink_to(other)
    with pytest.raises(NotFound, match="no Dockerfile"):
        await fix([Path()], Settings(), Wish(unsafe=True))


async def test_a_file_that_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    fixes = await fix([Path()], Settings(), Wish())
    (folder / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(Refused, match="changed meanwhile"):
        write(fixes)
    assert (folder / "web" / "Dockerfile").read_text() == NGINX


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_all_are_written_or_none(folder: Path) -> None:
    fixes = await fix([Path()], Settings(), Wish())
    (folder / "web").chmod(0o500)
    try:
        with pytest.raises(EnvironmentLacks):
            write(fixes)
    finally:
        (folder / "web").chmod(0o700)
    assert (folder / "compose.yaml").read_text() == COMPOSE


async def test_what_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(NotFound):
        await fix([Path("nowhere")], Settings(), Wish())
