"""What is proved is what a fix would write, in the Dockerfile and in its build context."""

from pathlib import Path

import pytest

from undercurrent.errors import NotFound, Refused, Unsupported
from undercurrent.settings import Settings
from undercurrent.workflows.fixing import Wish, fix
from undercurrent.workflows.provingfixes import fixed

NGINX = "FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"
SITE = "server {\n  listen 80;\n}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text(NGINX)
    (tmp_path / "web" / "default.conf").write_text(SITE)
    return Path("web") / "Dockerfile"


async def test_it_is_what_a_fix_would_write(file: Path) -> None:
    found = await fixed(file, Settings(), Wish(unsafe=True))
    written = {one.name: one.after for one in (await fix([Path("web")], Settings(), Wish(unsafe=True))).files}
    assert written == {"web/Dockerfile": found.text.decode(), "web/default.conf": found.files["default.conf"].decode()}
    assert (found.run and found.run.named_user, found.moved) == ("10001:10001", {80: 8080})


async def test_it_follows_a_compose_file_and_is_safe_then(file: Path) -> None:
    with pytest.raises(Refused, match=r"no safe fix .*: publish it as 80:8080"):
        await fixed(file, Settings(), Wish())
    (file.parent / "compose.yaml").write_text("services:\n  web:\n    build: .\n    ports: ['80:80']\n")
    found = await fixed(file.absolute(), Settings(), Wish())
    assert b"listen 8080" in found.files["default.conf"]
    assert set(found.files) == {"default.conf"}, "what lies in no image is not built"


async def test_the_stage_that_is_asked_for_is_the_one_whose_run_side_counts(file: Path) -> None:
    text = 'FROM python:3.12 AS base\nCOPY a.py /a.py\nCMD ["python", "/a.py"]\nFROM base AS test\nUSER 4711\n'
    file.write_text(text)
    (file.parent / "compose.yaml").write_text("services:\n  web:\n    build: {context: ., target: base}\n")
    base = await fixed(file, Settings(), Wish(unsafe=True, target="base"))
    last = await fixed(file, Settings(), Wish(unsafe=True))
    assert (base.run and base.run.user, last.run and last.run.user) == (10001, 4711)


async def test_other_dockerfiles_below_are_not_looked_into(file: Path) -> None:
    (file.parent / "other").mkdir()
    (file.parent / "other" / "Dockerfile").write_text("FROM\n")
    assert (await fixed(file, Settings(), Wish(unsafe=True))).moved == {80: 8080}


async def test_what_needs_no_fix_is_as_it_is(file: Path) -> None:
    file.write_text('FROM scratch\nCOPY a /a\nUSER 4711\nCMD ["/a"]\n')
    found = await fixed(file, Settings(), Wish())
    assert (found.text.decode(), found.files) == (file.read_text(), {})


async def test_what_cannot_be_fixed_has_its_reasons(file: Path) -> None:
    file.write_text('FROM debian:bookworm\nCMD ["/usr/sbin/sshd", "-D"]\n')
    with pytest.raises(Refused, match=r"no fix to prove: it needs CAP_SYS_CHROOT, .*; sshd needs root"):
        await fixed(file, Settings(), Wish(unsafe=True))
    with pytest.raises(NotFound):
        await fixed(file, Settings(), Wish(target="nowhere"))
    with pytest.raises(NotFound):
        await fixed(Path("nowhere"), Settings(), Wish())


async def test_a_context_elsewhere_is_not_the_one_that_is_built(file: Path) -> None:
    (file.parent / "site").mkdir()
    (file.parent / "default.conf").rename(file.parent / "site" / "default.conf")
    compose = "services:\n  web:\n    build: {context: site, dockerfile: ../Dockerfile}\n    ports: ['80:80']\n"
    (file.parent / "compose.yaml").write_text(compose)
    with pytest.raises(Unsupported, match=r"default\.conf is not in the build context"):
        await fixed(file, Settings(), Wish())
