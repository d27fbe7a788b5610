"""Where identity tokens come from, and what is said where there is none."""

import time
from pathlib import Path
from typing import Final

import pytest
from tests.support.answering import Said, answering
from tests.support.oidc import REQUEST_TOKEN, issuing
from tests.support.servers import free_port

from undercurrent.errors import CouldNotCheck, UndercurrentError, UsageError
from undercurrent.signing.keyless.sources import found_here, from_file, given

CI_VARIABLES: Final = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "GOOGLE_SERVICE_ACCOUNT_NAME")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may be run by a job themselves."""
    for name in CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def in_github(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }.items():
        monkeypatch.setenv(name, value)


async def test_the_token_of_a_job_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with issuing() as issuer:
        for name, value in issuer.job_environment.items():
            monkeypatch.setenv(name, value)
        assert (await found_here(interactive=False)("")()).issuer == issuer.jobs


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (Said(b"forbidden", 403), UsageError, "has no identity token"),
        (Said(b"<html>"), UsageError, "has no identity token"),
        (Said(b'{"value": "not.a.token"}'), UsageError, "identity token"),
        (None, CouldNotCheck, "does not answer"),
    ],
    ids=["forbidden", "no JSON", "no token", "nobody there"],
)
async def test_a_job_without_a_token_says_why(
    said: Said | None, kind: type[UndercurrentError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda _asked: said or Said(b"")) as server:
        in_github(monkeypatch, f"{server.url}/token" if said else f"http://127.0.0.1:{free_port()}/token")
        with pytest.raises(kind, match=message) as error:
            await found_here(interactive=True)("https://issuer.example.com")()
    assert REQUEST_TOKEN not in str(error.value)


async def test_gitlab_is_told_how_to_ask_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.delenv("SIGSTORE_ID_TOKEN", raising=False)
    with pytest.raises(UsageError) as error:
        await found_here(interactive=False)("")()
    assert "id_tokens" in error.value.hint


@pytest.mark.parametrize(("issuer", "interactive"), [("https://issuer.example.com", False), ("", True)])
async def test_nobody_is_asked_where_nobody_may_be(issuer: str, interactive: bool) -> None:
    with pytest.raises(UsageError, match="nobody to ask"):
        await found_here(interactive=interactive)(issuer)()


async def test_an_issuer_that_is_gone_is_could_not_check() -> None:
    with pytest.raises(CouldNotCheck, match="does not answer"):
        await found_here(interactive=True)(f"http://127.0.0.1:{free_port()}")()


async def test_a_file_is_read_whenever_a_token_is_needed(tmp_path: Path) -> None:
    with issuing() as issuer:
        tokens = from_file(tmp_path / "token")("")
        for email in ("ada@example.com", "eve@example.com"):
            (tmp_path / "token").write_text(issuer.of_person(email) + "\n")
            assert (await tokens()).raw == (tmp_path / "token").read_text().strip()
        with pytest.raises(UsageError, match="ended at"):
            await given(issuer.of_person(exp=int(time.time()) - 600))("")()
    (tmp_path / "token").unlink()
    with pytest.raises(UsageError, match="cannot read"):
        await tokens()
