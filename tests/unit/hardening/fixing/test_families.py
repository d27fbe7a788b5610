"""What known servers need, and where it is put."""

from pathlib import Path

import pytest
from tests.support.fixes import fixed, planned

from undercurrent.hardening.fixing.families import FAMILIES, apache, haproxy, nginx
from undercurrent.splices import spliced

NGINX = "FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"


def test_nginx_is_configured_in_the_build_where_its_files_are_not_at_hand() -> None:
    result = fixed(NGINX)
    assert "-e '1i pid /tmp/nginx.pid;'" in result
    assert "find /etc/nginx -type f -exec sed -i -E 's/^([[:space:]]*listen" in result
    assert result.endswith("EXPOSE 8080\nUSER 10001:10001\n")


def test_nginx_is_configured_in_the_files_of_the_build_context(tmp_path: Path) -> None:
    conf = tmp_path / "default.conf"
    conf.write_text("server {\n    listen 80;\n    listen [::]:80 default_server;\n    location / {}\n}\n")
    result = fixed(NGINX, tmp_path)
    assert "find /etc/nginx" not in result
    assert conf.read_text() == (
        "server {\n    listen 8080;\n    listen [::]:8080 default_server;\n    location / {}\n}\n"
    )
    assert not planned(result, tmp_path).edits


def test_the_main_file_of_nginx() -> None:
    text = "user  nginx;\npid /var/run/nginx.pid;\nevents {}\nhttp {\n  server { listen 80; }\n  # listen 80\n}\n"
    result = spliced(text, nginx.mended(text, {80: 8080}, whole=True))
    assert "user" not in result
    assert result.startswith(
        "pid /tmp/nginx.pid;\nevents {}\nhttp {\n    client_body_temp_path /tmp/client_body_temp;\n"
    )
    assert "# listen 80\n" in result


def test_ports_of_apache_and_its_sites() -> None:
    text = "Listen 80\nListen 0.0.0.0:80\n<VirtualHost *:80>\n</VirtualHost>\n#Listen 80\nListen 8000\n"
    assert spliced(text, apache.mended(text, {80: 8080})) == (
        "Listen 8080\nListen 0.0.0.0:8080\n<VirtualHost *:8080>\n</VirtualHost>\n#Listen 80\nListen 8000\n"
    )


def test_apache_with_php_keeps_its_account_where_files_belong_to_that() -> None:
    assert fixed("FROM php:8.3-apache\nCOPY . /var/www/html/\n").endswith("EXPOSE 8080\nUSER 10001:10001\n")
    result = fixed("FROM php:8.3-apache\nCOPY . /var/www/html/\nRUN chown www-data /var/www/html/uploads\n")
    assert result.endswith("EXPOSE 8080\nUSER 33:33\n")
    assert "/etc/apache2/ports.conf" in result
    assert not planned(result).edits


def test_haproxy_binds_elsewhere_and_asks_for_no_root() -> None:
    text = "global\n    user haproxy\n    daemon\n    maxconn 9\n\nfrontend f\n    bind *:80\n    bind :443 ssl\n"
    assert spliced(text, haproxy.mended(text, {80: 8080, 443: 8443}, haproxy=True)) == (
        "global\n    maxconn 9\n\nfrontend f\n    bind *:8080\n    bind :8443 ssl\n"
    )


def test_caddy_gets_no_capability_and_another_port(tmp_path: Path) -> None:
    site = tmp_path / "Caddyfile"
    site.write_text("{\n\tadmin off\n}\n\n:80 {\n\troot * /srv\n\treverse_proxy api:8000\n}\n")
    result = fixed("FROM caddy:2\nCOPY Caddyfile /etc/caddy/Caddyfile\n", tmp_path)
    assert "setcap -r /usr/bin/caddy" in result
    assert site.read_text() == "{\n\tadmin off\n}\n\n:8080 {\n\troot * /srv\n\treverse_proxy api:8000\n}\n"
    assert not planned(result, tmp_path).edits


def test_the_image_that_listens_where_its_variable_says() -> None:
    result = fixed("FROM tiangolo/uvicorn-gunicorn-fastapi:python3.9\nCOPY ./app /app\n")
    assert "PORT=8080\n" in result
    assert not planned(result).edits


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("app.run(host='0.0.0.0', port=80)\n", "app.run(host='0.0.0.0', port=8080)\n"),
        ("port = int(os.getenv('PORT', 80))\n", "port = int(os.getenv('PORT', 8080))\n"),
    ],
)
def test_a_number_in_the_program_that_is_started(tmp_path: Path, text: str, started: str) -> None:
    (tmp_path / "app.py").write_text(text)
    result = fixed('FROM python:3.12\nWORKDIR /app\nCOPY . .\nEXPOSE 80\nCMD ["python", "app.py"]\n', tmp_path)
    assert "EXPOSE 8080\n" in result
    assert (tmp_path / "app.py").read_text() == started


def test_djangos_database_is_on_a_volume_or_it_is_told_that_it_cannot_be(tmp_path: Path) -> None:
    settings = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / %s"db.sqlite3"}}\n'
    file = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["python", "manage.py", "runserver"]\n'
    (tmp_path / "settings.py").write_text(settings % '"db" / ')
    found = planned(file, tmp_path, unsafe=False)
    assert found.run is not None
    assert [state.path for state in found.run.volumes] == ["/app/db"]
    (tmp_path / "settings.py").write_text(settings % "")
    beside = planned(file, tmp_path, unsafe=False)
    assert not beside.edits
    assert any("db.sqlite3" in change.unsafe_because for change in beside.hidden)


@pytest.mark.parametrize(
    ("base", "user"),
    [
        ("postgres:16", "999:999"),
        ("postgres:16-alpine", "70:70"),
        ("redis:7", "999:999"),
        ("mariadb:11", "999:999"),
        ("mysql:8", "999:999"),
    ],
)
def test_stores_keep_the_account_that_owns_their_data(base: str, user: str) -> None:
    text = f"FROM {base}\nCOPY init.sql /docker-entrypoint-initdb.d/\n"
    found = planned(text, unsafe=False)
    assert fixed(text, unsafe=False) == f"{text}USER {user}\n"
    assert found.run is not None
    assert found.run.volumes


def test_java_may_load_what_it_unpacks() -> None:
    found = planned('FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD ["java", "-jar", "/app.jar"]\n')
    assert found.run is not None
    assert [state.why for state in found.run.tmpfs if state.path == "/tmp"] == ["native-libraries"]


def test_npm_keeps_its_cache_where_it_may_write() -> None:
    result = fixed('FROM node:22-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["npm", "start"]\n')
    assert "NPM_CONFIG_CACHE=/tmp/.npm\nUSER 10001:10001\n" in result


def test_development_servers_get_a_folder_for_their_cache(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"start": "react-scripts start"}}')
    text = 'FROM node:22\nWORKDIR /app\nCOPY package.json .\nRUN npm ci\nCMD ["npm", "start"]\n'
    result = fixed(text, tmp_path)
    assert "mkdir -p /app/node_modules/.cache" in result
    assert "chown -R 10001:10001 /app/node_modules/.cache" in result


def test_dotnet_before_8_is_told_to_listen_on_8080() -> None:
    text = 'FROM mcr.microsoft.com/dotnet/aspnet:6.0\nCOPY out /app\nWORKDIR /app\nENTRYPOINT ["dotnet", "app.dll"]\n'
    result = fixed(text)
    if "8080" in result:  # its table of base images says that it listens on 80
        assert "ASPNETCORE_URLS=http://+:8080" in result
    assert not planned(result).edits


@pytest.mark.parametrize("command", ['["/usr/bin/web"]', '["python", "web.py"]', '["node", "web.js"]'])
def test_who_had_roots_home_gets_one_to_write_to_though_its_account_has_another(command: str) -> None:
    text = f"FROM python:3.12-slim\nRUN useradd -m -u 12345 web\nCOPY web /usr/bin/web\nCMD {command}\n"
    result = fixed(text)
    assert "ENV HOME=/tmp" in result
    assert "USER 12345\n" in result


def test_who_changed_to_an_account_by_itself_keeps_its_home() -> None:
    text = 'FROM python:3.12-slim\nRUN useradd -m -u 12345 web\nCOPY a.py /\nCMD ["gosu", "web", "python", "a.py"]\n'
    result = fixed(text)
    assert "HOME" not in result
    assert "USER 12345\n" in result


def test_no_family_is_there_twice() -> None:
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))
