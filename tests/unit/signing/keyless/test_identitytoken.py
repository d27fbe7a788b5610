"""Identity tokens are read to say early what would not work, and never shown."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import UsageError
from undercurrent.signing.keyless.identitytoken import parse_token

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def token(**claims: Any) -> str:
    parts = ({"alg": "none"}, {"iss": "https://issuer.example.com", "exp": NOW.timestamp() + 60} | claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".x"


def test_a_token_says_who_vouches_and_until_when() -> None:
    found = parse_token(token(), now=NOW)
    assert (found.issuer, found.expires) == ("https://issuer.example.com", NOW + timedelta(seconds=60))
    assert found.raw not in repr(found)


def test_a_clock_may_be_a_minute_off_and_no_more() -> None:
    parse_token(token(exp=NOW.timestamp() - 59), now=NOW)
    with pytest.raises(UsageError, match="ended at 2026-11-24 23:58:59 UTC"):
        parse_token(token(exp=NOW.timestamp() - 61), now=NOW)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "a.b",
        "a.b.c.d",
        "a.e30.c",
        f"{'a' * 70_000}.e30.c",
        token(iss=None),
        token(iss=["https://issuer.example.com"]),
        token(exp=None),
        token(exp=True),
        token(exp=10**20),
        token(exp="tomorrow"),
        "é" + token(),
    ],
)
def test_what_is_no_token_is_not_repeated(raw: str) -> None:
    with pytest.raises(UsageError, match="no identity token") as error:
        parse_token(raw)
    assert error.value.__cause__ is None
    assert not raw or raw not in str(error.value) + error.value.hint


@given(st.one_of(st.text(), st.binary().map(lambda raw: f"a.{base64.urlsafe_b64encode(raw).decode()}.c")))
def test_no_text_is_more_than_an_error(raw: str) -> None:
    with pytest.raises(UsageError):
        parse_token(raw)
