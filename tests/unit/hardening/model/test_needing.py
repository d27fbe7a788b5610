"""What is needed at run time: ports, capabilities and why, written paths; SUID files and such with capabilities."""

from pathlib import Path

import pytest

from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import Context, FinalImage, describe


def image(text: str, context: Path | None = None) -> FinalImage:
    return describe(parse(text), context=Context.of(context) if context else None)


def needs(found: FinalImage) -> set[tuple[str, str]]:
    return {(need.capability.removeprefix("CAP_"), need.why) for need in found.needs}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (
            "FROM alpine\nEXPOSE 80 443/tcp 53/udp 8000-8002",
            {80: False, 443: False, 53: False, 8000: False, 8001: False, 8002: False},
        ),
        ("FROM alpine\nARG PORT=80\nEXPOSE $PORT", {80: False}),
        ("FROM nginx", {80: True}),
        ("FROM debian\nRUN apt-get install -y nginx\nCMD nginx -g 'daemon off;'", {80: True}),
        ('FROM python\nCMD ["gunicorn", "-b", "0.0.0.0:8080", "x:y"]', {8080: True}),
        ('FROM python\nCMD ["gunicorn", "--bind=:80", "x:y"]', {80: True}),
        ('FROM python\nCMD ["gunicorn", "x:y"]', {8000: True}),
        ('FROM python\nCMD ["uvicorn", "x:y", "--port", "80"]', {80: True}),
        ('FROM python\nEXPOSE 80\nCMD ["uvicorn", "x:y", "--port=80"]', {80: True}),
        ('FROM python\nCMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]', {8000: True}),
        ('FROM node\nENV PORT=80\nCMD ["node", "x.js"]', {80: True}),
        ('FROM node\nENV PORT=\u00b2\nCMD ["node", "x.js"]', {}),
        ("FROM node\nENV PORT=" + "8" * 5000 + '\nCMD ["node", "x.js"]', {}),
        ('FROM mcr.microsoft.com/dotnet/aspnet:6.0\nENTRYPOINT ["dotnet", "x.dll"]', {80: True}),
        ('FROM mcr.microsoft.com/dotnet/aspnet:8.0\nENTRYPOINT ["dotnet", "x.dll"]', {8080: True}),
        ("FROM alpine\nEXPOSE 99999 x 0-70000", {}),
    ],
)
def test_ports(text: str, numbers: dict[int, bool]) -> None:
    found = {port.number: port.surely for port in image(text).ports}

    assert found == numbers


def test_ports_in_configuration_beat_those_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(
        "server {\n  # listen 81;\n  listen 8080 default_server;\n  listen [::]:8080;\n}\n"
    )
    copied = image("FROM nginx\nCOPY nginx.conf /etc/nginx/conf.d/default.conf", tmp_path)
    written = image("FROM nginx\nCOPY <<EOF /etc/nginx/conf.d/default.conf\nserver { \nlisten 127.0.0.1:81;\n}\nEOF\n")

    assert [(port.number, port.surely) for port in copied.ports] == [(8080, True)]
    assert copied.ports[0].origin.what == "nginx.conf"
    assert copied.ports[0].origin.line == 3
    assert not {why for _name, why in needs(copied)} & {"low-port"}
    assert [(port.number, port.surely) for port in written.ports] == [(81, True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM alpine\nEXPOSE 8080", set()),
        ("FROM alpine\nEXPOSE 80\nUSER 10001", {("NET_BIND_SERVICE", "low-port")}),
        ("FROM nginx\nUSER 101\nEXPOSE 8080", {("NET_BIND_SERVICE", "low-port")}),
        ("FROM nginx", {("NET_BIND_SERVICE", "low-port"), ("SETUID", "change-user"), ("SETGID", "change-user")}),
        ("FROM redis:7", {("SETUID", "change-user"), ("SETGID", "change-user")}),
        ("FROM alpine\nRUN setcap 'cap_net_bind_service=+ep' /app", {("NET_BIND_SERVICE", "file-capability")}),
        (
            "FROM alpine\nRUN setcap CAP_NET_RAW,cap_net_admin+eip /app",
            {("NET_RAW", "file-capability"), ("NET_ADMIN", "file-capability")},
        ),
        ('FROM alpine\nENTRYPOINT ["ping"]', {("NET_RAW", "ping")}),
        (
            "FROM alpine\nCMD iptables -A INPUT -j DROP && exec app",
            {("NET_ADMIN", "firewall"), ("NET_RAW", "firewall")},
        ),
        ('FROM alpine\nENTRYPOINT ["openvpn"]', {("NET_ADMIN", "tunnel")}),
        (
            "FROM alpine\nCMD chown -R app /data && exec app",
            {("CHOWN", "chown-at-start"), ("FOWNER", "chown-at-start")},
        ),
        ("FROM alpine\nRUN chown -R 1:1 /data\nCMD app", set()),
    ],
)
def test_capabilities(text: str, expected: set[tuple[str, str]]) -> None:
    assert needs(image(text)) == expected


def test_what_can_be_done_without_is_told_apart() -> None:
    assert all(need.avoidable for need in image("FROM nginx").needs)
    assert not any(need.avoidable for need in image('FROM alpine\nCMD ["wg-quick", "up", "x"]').needs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM alpine\nVOLUME /data /logs", {("/data", "volume", True), ("/logs", "volume", True)}),
        ('FROM alpine\nENV D=/srv\nVOLUME ["$D/x"]', {("/srv/x", "volume", True)}),
        (
            "FROM nginx",
            {("/var/cache/nginx", "cache", False), ("/var/run", "pid", False), ("/tmp", "temporary", False)},
        ),
        (
            "FROM postgres:16",
            {
                ("/var/lib/postgresql/data", "volume", True),
                ("/var/run/postgresql", "pid", False),
                ("/tmp", "temporary", False),
            },
        ),
        (
            "FROM postgres:16\nENV PGDATA=/pg",
            {
                ("/var/lib/postgresql/data", "volume", True),
                ("/pg", "server", True),
                ("/var/run/postgresql", "pid", False),
                ("/tmp", "temporary", False),
            },
        ),
        (
            "FROM ruby\nWORKDIR /app\nCMD bundle exec rails s",
            {("/app/tmp", "temporary", False), ("/app/log", "log", False)},
        ),
        (
            "FROM alpine\nWORKDIR /app\nCMD touch run/pid && echo x >> /var/log/x.log; echo y > /dev/null; app",
            {("/app/run", "script", False), ("/var/log", "script", False)},
        ),
        ('FROM node\nUSER node\nCMD ["npm", "start"]', {("/home/node", "cache", False)}),
    ],
)
def test_written_paths(text: str, expected: set[tuple[str, str, bool]]) -> None:
    assert {(one.path, one.why, one.lasting) for one in image(text).state} == expected


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("RUN chmod u+s /app", ["/app"]),
        ("RUN chmod 4755 /a /b", ["/a", "/b"]),
        ("WORKDIR /opt\nRUN chmod +s app", ["/opt/app"]),
        ("RUN chmod 0755 /app && chmod 1777 /tmp && chmod +x /x", []),
        ("RUN chmod g+sw /srv", ["/srv"]),
        ("RUN install -m 4755 x /usr/bin/x", ["/usr/bin/x"]),
        ("RUN setcap cap_net_raw+ep /usr/bin/ping", ["/usr/bin/ping"]),
        ("RUN setcap cap_net_raw+ep /x\nRUN setcap -r /x", []),
        ("COPY --chmod=4755 x /usr/bin/x", ["/usr/bin/x"]),
    ],
)
def test_special_files(text: str, paths: list[str]) -> None:
    assert [path for path, _origin in image(f"FROM alpine\n{text}").special_files] == paths


def test_special_files_of_a_base_are_known() -> None:
    assert [path for path, _origin in image("FROM caddy").special_files] == ["/usr/bin/caddy"]


def test_a_port_that_sed_puts_in_place_counts() -> None:
    apache = "FROM php:8-apache\nRUN sed -ri -e 's/Listen 80/Listen 8080/' /etc/apache2/ports.conf"
    other = "FROM php:8-apache\nRUN sed -i 's/80/8080/' /etc/other.conf"

    assert [(port.number, port.surely) for port in image(apache).ports] == [(8080, True)]
    assert [(port.number, port.surely) for port in image(other).ports] == [(80, True)]


def test_an_entrypoint_that_looks_who_it_is_needs_nothing_as_somebody_else() -> None:
    guarded = 'if [ "$(id -u)" = 0 ]; then chown -R app /d; exec gosu app "$0" "$@"; fi'
    script = f"COPY <<'EOF' /e.sh\n#!/bin/sh\n{guarded}\nexec \"$@\"\nEOF\n"
    text = f'FROM debian\n{script}ENTRYPOINT ["/e.sh"]\nCMD ["server"]\n'
    blind = text.replace('if [ "$(id -u)" = 0 ]; then', "").replace("; fi", "")

    assert {why for _name, why in needs(image(text))} == {"change-user", "chown-at-start"}
    assert needs(image(text + "USER 10001")) == set()
    assert image(text).entrypoint.guarded
    assert {why for _name, why in needs(image(blind + "USER 10001"))} == {"change-user", "chown-at-start"}
    assert needs(image("FROM postgres:16\nUSER 999")) == set()


SUPERVISOR = """\
[supervisord]
nodaemon=true
[program:web]
command=/usr/sbin/nginx -g "daemon off;"
[program:php]
command = php-fpm --nodaemonize
user=www-data
"""


@pytest.mark.parametrize(
    "text",
    [
        'FROM debian\nCOPY s.conf /etc/supervisor/conf.d/\nCMD ["supervisord", "-n"]',
        'FROM debian\nCOPY s.conf /s.conf\nCMD ["/usr/bin/supervisord", "-c", "/s.conf"]',
        "FROM debian\nCMD nginx && exec php-fpm",
        "FROM debian\nCMD service nginx start && php-fpm",
        "FROM debian\nCMD nginx -t; /etc/init.d/nginx start; php-fpm",
    ],
)
def test_several_servers(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.conf").write_text(SUPERVISOR)
    found = image(text, tmp_path)

    assert {(port.number, port.surely) for port in found.ports} == {(80, True), (9000, True)}
    assert {"change-user", "low-port"} == {why for _name, why in needs(found)}
    assert "/var/cache/nginx" in {one.path for one in found.state}
    assert found.entrypoint.complete


def test_the_services_of_s6_are_servers_too(tmp_path: Path) -> None:
    for name, script in {
        "services.d/web": "#!/usr/bin/with-contenv bash\nmkdir -p /run/web\nexec s6-setuidgid abc nginx",
        "s6-overlay/s6-rc.d/php": "#!/command/with-contenv sh\nexec php-fpm -F",
        "s6-overlay/s6-rc.d/other": "#!/command/execlineb -P\nredis-server",
    }.items():
        (tmp_path / "root" / "etc" / name).mkdir(parents=True)
        (tmp_path / "root" / "etc" / name / "run").write_text(script)

    found = image('FROM alpine\nCOPY root/ /\nENTRYPOINT ["/init"]', tmp_path)

    assert {port.number for port in found.ports} == {80, 9000}
    assert found.runner.drops == "s6-setuidgid"
    assert "/run/web" in {one.path for one in found.state}
    assert not found.entrypoint.complete


def test_a_supervisor_may_start_a_server_as_somebody_else() -> None:
    text = 'FROM debian\nCOPY <<EOF /etc/supervisord.conf\ncommand=gosu app nginx\nEOF\nCMD ["supervisord"]'

    assert (image(text).runner.drops, {port.number for port in image(text).ports}) == ("gosu", {80})


def test_a_supervisor_whose_configuration_cannot_be_read_is_not_complete() -> None:
    assert not image('FROM debian\nCOPY s.conf /s.conf\nCMD ["supervisord", "-c", "/s.conf"]').entrypoint.complete


def test_the_command_of_a_well_known_base_is_no_doubt() -> None:
    found = image("FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11")

    assert (found.entrypoint.chain, found.entrypoint.complete, found.doubts) == (("start.sh",), True, ())


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("hostname -s", set()),
        ("echo $(hostname)", set()),
        ("hostname box", {"kernel-setting"}),
        ("mount", set()),
        ("mount -a", {"mount"}),
        ("mount /dev/sda /mnt", {"mount"}),
        ("sysctl -n net.core.somaxconn", set()),
        ("sysctl -w net.core.somaxconn=1", {"kernel-setting"}),
        ("find /data ! -user app -exec chown app {} +", {"chown-at-start"}),
        ("find /data -print0 | xargs -0 chown app", {"chown-at-start"}),
    ],
)
def test_what_a_command_at_the_start_needs(command: str, why: set[str]) -> None:
    assert {reason for _name, reason in needs(image(f"FROM alpine\nCMD {command}; exec app"))} == why


def test_logs_count_where_the_image_was_not_made_for_the_server() -> None:
    own = image("FROM debian\nRUN apt-get install -y nginx\nCMD nginx")
    linked = image(
        "FROM debian\nRUN apt-get install -y nginx && ln -sf /dev/stdout /var/log/nginx/access.log\nCMD nginx"
    )

    assert "/var/log/nginx" in {one.path for one in own.state}
    assert "/var/log/nginx" not in {one.path for one in linked.state}
    assert "/var/log/nginx" not in {one.path for one in image("FROM nginx").state}
    assert "/var/log/apache2" not in {one.path for one in image("FROM php:8-apache").state}
