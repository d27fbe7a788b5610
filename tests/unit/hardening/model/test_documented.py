"""What is documented of well-known images: by name and tag, and nothing by guess."""

import tomllib

import pytest

from undercurrent.basefacts import BaseFacts
from undercurrent.hardening.model import documented as module
from undercurrent.hardening.model.documented import configured, known, normal_name
from undercurrent.hardening.model.nouns import BaseImage


def _uid(image: BaseImage | None, name: str) -> int | None:
    assert image
    return {account.name: account.uid for account in image.accounts}[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alpine", ("alpine", "latest")),
        ("docker.io/library/alpine:3.20", ("alpine", "3.20")),
        ("index.docker.io/grafana/grafana", ("grafana/grafana", "latest")),
        ("gcr.io/distroless/static:nonroot", ("gcr.io/distroless/static", "nonroot")),
        ("alpine@sha256:" + "a" * 64, ("alpine", "")),
        ("localhost:5000/a/b:1", ("localhost:5000/a/b", "1")),
        ("No Name", ("No Name", "")),
    ],
)
def test_names_are_compared_without_the_defaults(name: str, expected: tuple[str, str]) -> None:
    assert normal_name(name) == expected


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("scratch", ""),
        ("alpine:3.20", ""),
        ("docker.io/library/debian:bookworm-slim", ""),
        ("python:3.12-slim", ""),
        ("gcr.io/distroless/static-debian12", "0"),
        ("gcr.io/distroless/static-debian12:nonroot", "65532"),
        ("gcr.io/distroless/base:debug-nonroot", "65532"),
        ("nginxinc/nginx-unprivileged:1.27", "101"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled", "1654"),
        ("mcr.microsoft.com/dotnet/aspnet:6.0-jammy-chiseled", "app"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", ""),
        ("elasticsearch:8.15.0", "1000:0"),
        ("elasticsearch:7.17.0", ""),
        ("haproxy:2.2-alpine", ""),
        ("haproxy:2.9", "haproxy"),
        ("grafana/grafana", "472"),
        ("bitnami/redis:7.2", "1001"),
        ("gradle:8-jdk21", "root"),
    ],
)
def test_who_runs(name: str, user: str) -> None:
    image = known(name)

    assert image is not None
    assert image.user == user


@pytest.mark.parametrize(
    "name",
    [
        "acme/app",
        "registry.example.com/alpine:3",
        "python:3.12-windowsservercore-ltsc2022",
        "elasticsearch:latest",
        "No",
    ],
)
def test_what_is_not_there_is_not_known(name: str) -> None:
    assert known(name) is None


def test_accounts_come_from_the_distribution_that_the_tag_says() -> None:
    assert _uid(known("postgres:16"), "postgres") == 999
    assert _uid(known("postgres:16-alpine"), "postgres") == 70
    assert _uid(known("php:8-fpm"), "www-data") == 33
    assert _uid(known("php:8-fpm-alpine"), "www-data") == 82
    assert _uid(known("redis:7-alpine"), "redis") == 999
    assert _uid(known("rabbitmq:3"), "rabbitmq") == 999
    assert _uid(known("node:20"), "node") == 1000
    assert _uid(known("ubuntu:24.04"), "ubuntu") == 1000


def test_the_package_manager_and_the_program_that_changes_user_follow_the_distribution() -> None:
    plain, alpine, bare = known("postgres:16"), known("postgres:16-alpine"), known("gcr.io/distroless/static")

    assert plain
    assert alpine
    assert bare
    assert (plain.family, plain.drops) == ("apt", "gosu")
    assert (alpine.family, alpine.drops) == ("apk", "su-exec")
    assert (bare.family, bare.shell) == ("", False)


def test_every_entry_says_who_runs_and_on_what() -> None:
    data = tomllib.loads(module._DATA.read_text(encoding="utf-8"))
    keys = {
        *("names", "tags", "user", "on", "family", "shell", "accounts", "environment", "entrypoint", "command"),
        *("working_folder", "ports", "volumes", "drops", "special_files"),
    }
    for entry in data["image"]:
        assert {"names", "user", "on"} <= entry.keys() <= keys, entry
        assert not entry["on"] or entry["on"] in data["distribution"]
        plain = [name for name in entry["names"] if "*" not in name]
        assert plain == [normal_name(name)[0] for name in plain]


BASES = {
    "ghcr.io/acme/base:*": BaseFacts("10001"),
    "docker.io/library/alpine": BaseFacts("app", accounts=("app:10001:10001:/home/app",), family="apk"),
    "*.example.com/*": BaseFacts(""),
}


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("ghcr.io/acme/base:1", "10001"),
        ("ghcr.io/acme/base", "10001"),
        ("alpine:3.20", "app"),
        ("registry.example.com/team/base:1", ""),
        ("ghcr.io/acme/other", None),
    ],
)
def test_a_settings_table_is_matched_by_pattern(name: str, user: str | None) -> None:
    image = configured(name, BASES)

    assert (image and image.user) == user
    assert image is None or image.source == "settings"
