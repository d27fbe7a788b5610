"""What is started: ENTRYPOINT and CMD together, through scripts and small programs, to what serves in the end."""

from pathlib import Path

import pytest

from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import Context, FinalImage, describe


def image(text: str, context: Path | None = None) -> FinalImage:
    return describe(parse(text), context=Context.of(context) if context else None)


@pytest.mark.parametrize(
    ("text", "chain", "drops"),
    [
        ('CMD ["app"]', ("app",), ""),
        ("CMD app --port 80", ("app",), ""),
        ('ENTRYPOINT ["tini", "-g", "--", "app"]', ("tini", "app"), ""),
        ('ENTRYPOINT ["/sbin/tini", "--"]\nCMD ["gosu", "app:app", "server"]', ("tini", "gosu", "server"), "gosu"),
        ('ENTRYPOINT ["dumb-init", "--rewrite", "15:3", "app"]', ("dumb-init", "app"), ""),
        ('CMD ["su-exec", "10001", "python3", "-m", "gunicorn", "x:y"]', ("su-exec", "python3", "gunicorn"), "su-exec"),
        ('CMD ["setpriv", "--reuid=app", "--init-groups", "app"]', ("setpriv", "app"), "setpriv"),
        ('CMD ["setpriv", "--reuid", "app", "app"]', ("setpriv", "app"), "setpriv"),
        ('CMD ["su", "-s", "/bin/sh", "-c", "exec server -x", "app"]', ("su", "server"), "su"),
        ('CMD ["runuser", "-u", "app", "--", "server"]', ("runuser", "server"), "runuser"),
        ('CMD ["sudo", "-E", "-u", "app", "server"]', ("sudo", "server"), "sudo"),
        ('CMD ["chroot", "--userspec=1000", "/", "server"]', ("chroot", "server"), "chroot"),
        ('CMD ["chroot", "/srv", "server"]', ("chroot", "server"), ""),
        ('CMD ["env", "A=1", "server"]', ("env", "server"), ""),
        ('CMD ["timeout", "-k", "5", "10", "server"]', ("timeout", "server"), ""),
        ('CMD ["timeout", "--signal", "KILL", "10", "server"]', ("timeout", "server"), ""),
        ('CMD ["tini", "-w", "server"]', ("tini", "server"), ""),
        ('CMD ["nice", "-n", "10", "ionice", "-c", "3", "server"]', ("nice", "ionice", "server"), ""),
        ('CMD ["stdbuf", "-o", "L", "stdbuf", "-oL", "server"]', ("stdbuf", "stdbuf", "server"), ""),
        ('CMD ["xvfb-run", "-a", "-s", "-screen 0", "server"]', ("xvfb-run", "server"), ""),
        ('CMD ["setpriv", "--no-new-privs", "server"]', ("setpriv", "server"), ""),
        ('CMD ["chpst", "-P", "-e", "/env", "server"]', ("chpst", "server"), ""),
        ('CMD ["chpst", "-u", "app", "server"]', ("chpst", "server"), "chpst"),
        ('CMD ["runuser", "--user=app", "server", "-u"]', ("runuser", "server"), "runuser"),
        ('CMD ["su", "app", "-c", "exec server"]', ("su", "server"), "su"),
        ('CMD ["sudo", "-Eu", "app", "A=1", "server"]', ("sudo", "server"), "sudo"),
        ('CMD ["python3", "-u", "-m", "gunicorn", "-m", "7"]', ("python3", "gunicorn"), ""),
        ('CMD ["python3", "app.py", "-m", "x"]', ("python3",), ""),
        ('CMD ["mix", "run", "--no-halt"]', ("mix",), ""),
        ('CMD ["bundle", "exec", "puma", "-p", "3000"]', ("bundle", "puma"), ""),
        ("CMD cd /app && exec gosu app server", ("gosu", "server"), "gosu"),
        ("CMD mkdir -p /run/x; exec server", ("server",), ""),
        ('CMD ["sh", "-c", "exec server"]', ("server",), ""),
        ('ENTRYPOINT ["server"]\nCMD ["--x"]', ("server",), ""),
        ("ENTRYPOINT server\nCMD ignored", ("server",), ""),
        ("ENTRYPOINT []\nCMD []", (), ""),
    ],
)
def test_small_programs_are_followed(text: str, chain: tuple[str, ...], drops: str) -> None:
    found = image(f"FROM scratch\n{text}")

    assert (found.entrypoint.chain, found.runner.drops) == (chain, drops)
    assert found.entrypoint.server == (chain[-1] if chain else "")
    assert found.entrypoint.complete == bool(chain)


@pytest.mark.parametrize(
    ("text", "chain", "complete"),
    [
        ('ENTRYPOINT ["sh", "-c", "exec \\"$0\\" \\"$@\\""]\nCMD ["server", "-x"]', ("server",), True),
        ('ENTRYPOINT ["sh", "-c", "exec $@", "--"]\nCMD ["server"]', ("server",), True),
        ('ENTRYPOINT ["sh", "-c", "exec \\"$@\\""]', (), False),
        ('ENTRYPOINT ["sh", "-c", "$0"]', (), False),
        ("CMD command -v server || true; server; command -v x", ("server",), True),
    ],
)
def test_a_command_for_the_shell_may_start_its_arguments(text: str, chain: tuple[str, ...], complete: bool) -> None:
    found = image(f"FROM scratch\n{text}").entrypoint

    assert (found.chain, found.complete) == (chain, complete)


def test_an_entrypoint_resets_the_command_of_the_base() -> None:
    assert image("FROM python:3.12").entrypoint.command == ("python3",)
    assert image('FROM python:3.12\nENTRYPOINT ["app"]').entrypoint.command == ("app",)
    assert image('FROM python:3.12\nCMD ["--x"]\nENTRYPOINT ["app"]').entrypoint.command == ("app", "--x")
    assert image('FROM alpine AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["app"]').entrypoint.command == ("app",)


@pytest.mark.parametrize(
    ("text", "chain", "drops"),
    [
        ("FROM postgres:16", ("docker-entrypoint.sh", "gosu", "postgres"), "gosu"),
        ("FROM postgres:16-alpine", ("docker-entrypoint.sh", "su-exec", "postgres"), "su-exec"),
        ('FROM postgres:16\nUSER 999\nCMD ["-c", "ssl=on"]', ("docker-entrypoint.sh", "gosu", "postgres"), "gosu"),
        ('FROM redis:7\nENTRYPOINT ["redis-server"]', ("redis-server",), ""),
        ('FROM node:20\nCMD ["npm", "start"]', ("docker-entrypoint.sh", "npm"), ""),
        ("FROM nginx", ("docker-entrypoint.sh", "nginx"), ""),
        ("FROM couchdb", ("tini", "docker-entrypoint.sh", "gosu", "couchdb"), "gosu"),
    ],
)
def test_the_scripts_of_well_known_images_are_known(text: str, chain: tuple[str, ...], drops: str) -> None:
    found = image(text)

    assert (found.entrypoint.chain, found.runner.drops, found.entrypoint.complete) == (chain, drops, True)


ENTRYPOINT = """\
#!/bin/sh
set -e
# exec gosu nobody true
if [ "${1#-}" != "$1" ]; then
  set -- redis-server "$@"
fi
if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
  chown -R redis /data
  exec gosu redis "$0" "$@"
fi
mkdir -p /run/app
echo ready > /var/lib/app/ready
exec "$@"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docker-entrypoint.sh").write_text(ENTRYPOINT)
    (tmp_path / "run.py").write_text("#!/usr/bin/env python3\nprint()\n")
    (tmp_path / "a.sh").write_text("#!/bin/sh\nexec /b.sh\n")
    (tmp_path / "b.sh").write_text("#!/bin/sh\nexec /a.sh\n")
    (tmp_path / "wild.sh").write_text("#!/bin/bash\nsetup\nexec gunicorn -b 0.0.0.0:80 app:app\n")
    return tmp_path


@pytest.mark.parametrize(
    "copy",
    [
        'COPY docker-entrypoint.sh /usr/local/bin/\nENTRYPOINT ["docker-entrypoint.sh"]',
        'COPY docker-entrypoint.sh /usr/local/bin/start\nENTRYPOINT ["start"]',
        'COPY . /srv\nENTRYPOINT ["/srv/docker-entrypoint.sh"]',
        'WORKDIR /srv\nCOPY . .\nENTRYPOINT ["./docker-entrypoint.sh"]',
        'COPY *.sh /srv/\nENTRYPOINT ["sh", "/srv/docker-entrypoint.sh"]',
        'ADD docker-entrypoint.sh a.sh /srv/\nENTRYPOINT ["tini", "--", "/srv/docker-entrypoint.sh"]',
    ],
)
def test_scripts_of_the_context_are_followed(folder: Path, copy: str) -> None:
    found = image(f'FROM debian\n{copy}\nCMD ["redis-server"]', folder)

    assert found.entrypoint.server == "redis-server"
    assert found.entrypoint.complete
    assert found.runner.drops == "gosu"
    assert {need.why for need in found.needs} == {"change-user", "chown-at-start"}
    assert {"/run/app", "/var/lib/app"} <= {one.path for one in found.state}
    assert {need.origin.what for need in found.needs if need.why == "chown-at-start"} == {"docker-entrypoint.sh"}


def test_a_script_from_another_stage_or_from_the_dockerfile_is_followed(folder: Path) -> None:
    stage = "FROM debian AS files\nCOPY wild.sh /opt/\nFROM debian\nCOPY --from=files /opt/wild.sh /wild.sh\n"
    heredoc = "FROM debian\nCOPY --chmod=755 <<'EOF' /start.sh\n#!/bin/sh\nexec gosu app server\nEOF\n"
    printed = "FROM debian\nRUN echo 'exec server' > /start.sh && chmod +x /start.sh\n"
    run = "FROM debian\nRUN cat <<EOF > /start.sh\nexec server\nEOF\n"

    assert image(f'{stage}CMD ["/wild.sh"]', folder).entrypoint.chain == ("wild.sh", "gunicorn")
    assert image(f'{heredoc}CMD ["/start.sh"]').entrypoint.chain == ("start.sh", "gosu", "server")
    escaped = heredoc.replace("'EOF'", "EOF").replace("gosu app server", 'gosu app "\\$@"')
    assert image(f'{escaped}ENTRYPOINT ["/start.sh"]\nCMD ["x"]').entrypoint.chain == ("start.sh", "gosu", "x")
    assert image(f'{printed}CMD ["/start.sh"]').entrypoint.chain == ("start.sh", "server")
    assert image(f'{run}CMD ["/start.sh"]').entrypoint.chain == ("start.sh", "server")


def test_what_cannot_be_read_is_a_doubt(folder: Path) -> None:
    text = 'FROM debian\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\nCMD ["nginx"]'
    without, there = image(text), image(text, folder)

    for found in (without, there):
        assert (found.entrypoint.chain, found.entrypoint.complete) == (("start.sh", "nginx"), False)
        assert [origin.line for _text, origin in found.doubts] == [2]
    assert not image('FROM debian\nENTRYPOINT ["/entrypoint.sh"]').entrypoint.complete
    assert not image('FROM acme/app\nCMD ["app"]').doubts


def test_scripts_that_start_one_another_end(folder: Path) -> None:
    found = image('FROM debian\nCOPY . /\nCMD ["/a.sh"]', folder)

    assert not found.entrypoint.complete
    assert image('FROM debian\nCOPY . /\nCMD ["/run.py"]', folder).entrypoint.server == "python3"


def test_tini_within_tini_ends() -> None:
    text = 'FROM scratch\nCMD ["' + '", "'.join(["tini"] * 100) + '"]'

    assert not image(text).entrypoint.complete


@pytest.mark.parametrize(
    ("script", "server"),
    [
        ("nginx &\nwait", "nginx"),
        ("service start\ntail -f /var/log/x", "service"),
        ('main() {\n  exec server "$@"\n}\nmain "$@"', "server"),
        ('if [ "$1" = x ]; then exec gosu app "$@"; fi\nexec "$@"', "arg"),
        ("echo hello", ""),
        ('exec "$COMMAND"', ""),
    ],
)
def test_what_a_script_is_there_to_start(script: str, server: str) -> None:
    found = image(f'FROM debian\nCOPY <<\'EOF\' /s.sh\n#!/bin/sh\n{script}\nEOF\nENTRYPOINT ["/s.sh"]\nCMD ["arg"]')

    assert found.entrypoint.server == (server or "s.sh")
    assert found.entrypoint.complete == bool(server)


def test_a_shell_starts_its_first_argument() -> None:
    found = image('FROM debian\nENTRYPOINT ["/bin/bash", "-e"]\nCMD ["/opt/start", "--log", "/dev/stdout"]')

    assert (found.entrypoint.chain, found.entrypoint.complete) == (("start",), False)


def test_a_server_that_looks_like_a_script_is_one() -> None:
    found = image('FROM openjdk:8-alpine\nENTRYPOINT ["zkServer.sh", "start-foreground"]')

    assert (found.entrypoint.server, found.entrypoint.complete) == ("zkServer.sh", True)


def test_what_is_not_in_the_context_was_not_copied(folder: Path) -> None:
    built = image('FROM debian\nWORKDIR /app\nCOPY . .\nRUN make\nCMD ["./server"]', folder)
    missing = image('FROM debian\nWORKDIR /app\nCOPY . .\nCMD ["./start.sh"]', folder)

    assert (built.entrypoint.server, built.entrypoint.complete) == ("server", True)
    assert not missing.entrypoint.complete


def test_a_file_that_is_left_out_was_not_copied(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*.sh\n")

    assert not image('FROM debian\nCOPY . /\nCMD ["/a.sh"]', folder).entrypoint.complete
    assert not Context.of(folder).has_file("a.sh")
    assert Context.of(folder).has_file("run.py")
