"""Secrets do not appear where people read."""

import base64
import string
import traceback
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.registry import FakeRegistry, Fault
from tests.unit.net.conftest import Patience

from undercurrent.errors import UndercurrentError
from undercurrent.net import Client, Request, redact
from undercurrent.settings import NetSettings

SECRETS = st.text(string.ascii_letters + string.digits + "-._~+/", min_size=8, max_size=60).map(lambda text: "S" + text)
IN_URLS = st.text(string.ascii_letters + string.digits + "-._~%", min_size=8, max_size=60).map(lambda text: "S" + text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ann:pw@ghcr.io/v2/", "https://***@ghcr.io/v2/"),
        ("https://ann:p@w@ghcr.io/", "https://***@ghcr.io/"),
        ("https://token@ghcr.io/", "https://***@ghcr.io/"),
        ("ghcr.io/acme/app@sha256:abc", "ghcr.io/acme/app@sha256:abc"),
        ("https://ghcr.io/acme/app@sha256:abc", "https://ghcr.io/acme/app@sha256:abc"),
        ("mail ann@example.com", "mail ann@example.com"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'Authorization': 'Basic YTpi'}", "{'Authorization': ***"),
        ("it said: bearer abcdefg.hij", "it said: bearer ***"),
        ("a bearer of bad news", "a bearer of bad news"),
        ("?X-Amz-Credential=a%2Fb&X-Amz-Date=1&n=2", "?X-Amz-Credential=***&X-Amz-Date=***&n=2"),
        ("?sig=a%2B&sv=2020", "?sig=***&sv=2020"),
        ("?scope=a&access_token=b#c", "?scope=a&access_token=***#c"),
        ('{"refresh_token": "a\\"b", "n": 1}', '{"refresh_token": "***", "n": 1}'),
        ("{'password': 'x'}", "{'password': \"***\"}"),
        (
            "pkcs11:token=a;object=b?module-path=/m.so&pin-value=1234",
            "pkcs11:token=a;object=b?module-path=/m.so&pin-value=***",
        ),
        ("grant_type=password&password=p&username=u", "grant_type=password&password=***&username=u"),
        ("", ""),
    ],
)
def test_known_shapes(text: str, expected: str) -> None:
    assert redact(text) == expected


SHAPES = (
    "https://ann:{}@ghcr.io/v2/",
    "GET https://{}@ghcr.io/v2/ failed",
    "Authorization: Bearer {}",
    "authorization: basic {}\r\nHost: x",
    "Cookie: session={}",
    "X-Registry-Auth: {}",
    "https://s3.example/blob?X-Amz-Signature={}&x=1",
    "https://s3.example/blob?x=1&X-Amz-Security-Token={}",
    "https://blob.example/x?sv=1&sig={}",
    "https://storage.example/x?X-Goog-Signature={}",
    "https://cdn.example/x?Signature={}&Key-Pair-Id=a",
    "https://a.example/?token={}",
    "https://a.example/?access_token={}",
    "/v2/a/blobs/uploads/1?_state={}&digest=sha256:0",
    '{{"token":"{}"}}',
    '{{"expires_in": 1, "access_token": "{}"}}',
    "{{'identitytoken': '{}'}}",
    "password={}",
    "refresh_token={}&service=x",
)


@given(secret=IN_URLS, shape=st.sampled_from(SHAPES), before=st.text(max_size=20), after=st.text(max_size=20))
def test_secrets_of_known_shapes_are_masked(secret: str, shape: str, before: str, after: str) -> None:
    assert secret not in redact(f"{before} {shape.format(secret)} {after}")


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


FAULTS = (
    Fault(status=500),
    Fault(status=429, headers={"Retry-After": "9999"}),
    Fault(reset=True),
    Fault(redirect="http://registry.invalid/?token={secret}"),
    Fault(redirect="{path}"),
    Fault(cut_at=3),
    Fault(status=503, body=b'{"errors":[{"message":"Authorization: Bearer {secret}"}]}'),
    Fault(status=503, body=b"denied for https://ann:{quoted}@registry.invalid/"),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS, number=st.integers(0, len(FAULTS) - 1))
async def test_no_error_of_a_request_shows_its_credentials(secret: str, number: int) -> None:
    fault = FAULTS[number]
    quoted = quote(secret, safe="")
    basic = base64.b64encode(f"ann:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "X-Registry-Auth": secret, "Cookie": f"s={secret}"}
    async with FakeRegistry() as registry, Client(NetSettings(retries=0)) as client:
        digest = registry.put_blob("a", b"data")
        registry.fail(
            Fault(
                times=None,
                status=fault.status,
                reset=fault.reset,
                cut_at=fault.cut_at,
                headers=fault.headers,
                redirect=fault.redirect.replace("{secret}", secret),
                body=fault.body.replace(b"{secret}", secret.encode()).replace(b"{quoted}", quoted.encode()),
            )
        )
        request = Request("GET", f"{registry.url}/v2/a/blobs/{digest}?X-Amz-Signature={secret}", headers)
        with pytest.raises(UndercurrentError) as caught:
            await client.fetch(request)
    error = caught.value
    shown = "".join([str(error), repr(error), error.hint, repr(request), *traceback.format_exception(error)])
    source = "".join(line for line in shown.splitlines() if not line.strip().startswith(("registry.fail", "await")))
    assert secret not in source
    assert quoted not in source
    assert basic not in source


async def test_an_answer_does_not_print_its_address(registry: FakeRegistry, patience: Patience) -> None:
    async with patience.client() as client:
        answer = await client.fetch(Request("GET", f"{registry.url}/v2/?token=s3cret"))
        assert "s3cret" not in repr(answer)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["a", "a-", "token", "?token", "x-auth-", "://", "bearer ", "'token':\""])
def test_long_text_takes_no_longer_than_its_length(text: str) -> None:
    redact("?" + text * (1024 * 1024 // len(text)))
