"""Numbers of users and ports: only digits count, and none is too long to be read."""

import pytest

from undercurrent.hardening.manifests.compose import services
from undercurrent.hardening.manifests.servicechecks import service_violations
from undercurrent.hardening.numbers import as_number, is_root
from undercurrent.yamltext import parse


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10001", 10001),
        ("0" * 5000 + "7", 7),
        ("0", 0),
        ("1" * 5000, None),
        ("", None),
        (None, None),
        ("-1", None),
        ("²", None),
        ("٣", None),
    ],
)
def test_a_number_is_read(text: str | None, number: int | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize("user", ["", "0", "root", "root:app", "0:10001", "0" * 5000, ":7"])
def test_root_has_several_names(user: str) -> None:
    assert is_root(user)


@pytest.mark.parametrize("user", ["10001", "app", "1:0", "app:root", "9" * 5000, "٠"])
def test_others_are_not_root(user: str) -> None:
    assert not is_root(user)


def test_a_service_may_have_numbers_that_nobody_can_read() -> None:
    long = "0" * 5000
    text = f"""\
services:
  web:
    image: x
    user: "{long}"
    ports: ["8080:1{long}", "1{long}:80", {{target: "1{long}"}}]
"""

    (service,) = services(parse(text, "compose.yaml"))

    assert [port.target for port in service.ports] == [80]
    assert "user" in {violation.check for violation in service_violations(service)}
