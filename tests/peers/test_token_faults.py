"""Tokens that end in the middle of a run, or say nothing true about their end; a token server that fails."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from tests.support.background import in_background
from tests.support.cli import Result, UcRunner
from tests.support.faultproxy import FaultProxy
from tests.support.faults import Fault
from tests.support.servers import RegistryServer, distribution
from tests.support.standing import check_signed_once, push_fleet, repository_at
from tests.support.tokens import TokenServer, token_server

from undercurrent.oci.registry import Credential
from undercurrent.signing.keys import PrivateKey, PublicKey, write_key_pair

ADA: Final = Credential("ada", "a pass:word é")
IMAGES: Final = 6


@dataclass(frozen=True, slots=True)
class Guarded:
    """A registry that wants tokens, with a proxy before it and one before its token server."""

    registry: RegistryServer
    tokens: TokenServer
    before_tokens: FaultProxy


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with ExitStack() as stack:
        tokens = stack.enter_context(token_server(tmp_path_factory.mktemp("tokens"), ADA.username, ADA.password))
        proxy = stack.enter_context(in_background(FaultProxy(tokens.realm.split("/")[2])))
        tokens.realm = f"{proxy.url}/token"
        folder = tmp_path_factory.mktemp("guarded")
        yield Guarded(stack.enter_context(distribution("registry", folder, tokens=tokens)), tokens, proxy)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Some images behind it, and somebody who has logged in and signs."""

    run_uc: UcRunner
    guarded: Guarded
    proxy: FaultProxy
    name: str
    key: PublicKey

    def sign(self, **variables: str) -> Result:
        """Signs all of them."""
        names = [f"{self.proxy.host}/{self.name}:v{number}" for number in range(IMAGES)]
        return self.run_uc("image", "sign", *names, "--json", env={"COSIGN_PASSWORD": "", **variables})

    async def check(self) -> None:
        """Each is signed once."""
        async with repository_at(self.guarded.registry.host, self.name, ADA) as repository:
            await check_signed_once(repository, self.key, IMAGES)


@pytest.fixture
async def fleet(guarded: Guarded, run_uc: UcRunner, repository_name: str) -> AsyncIterator[Fleet]:
    key = PrivateKey.generate()
    write_key_pair(key, run_uc.folder / "cosign.key", b"")
    async with repository_at(guarded.registry.host, repository_name, ADA) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(IMAGES)])
    before = replace(guarded.tokens)
    with in_background(FaultProxy(guarded.registry.host)) as proxy:
        login = ("login", proxy.host, "--username", ADA.username, "--password-stdin")
        assert run_uc(*login, input=ADA.password).exit_code == 0
        guarded.tokens.granted.clear()
        yield Fleet(run_uc, guarded, proxy, repository_name, key.public)
    guarded.tokens.life_s, guarded.tokens.said = before.life_s, before.said
    guarded.before_tokens.faults.clear()


async def test_tokens_that_end_in_the_middle_of_a_run_are_asked_for_again(fleet: Fleet) -> None:
    fleet.guarded.tokens.life_s = 3.0
    fleet.proxy.fail(Fault(delay_s=0.3, times=None))

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    writing = [scopes for scopes in fleet.guarded.tokens.granted if any("push" in scope for scope in scopes)]
    assert len(writing) > 1
    await fleet.check()


@pytest.mark.parametrize("said", [{}, *({"expires_in": value} for value in (0, -300, 1, 1e300, 10**30, "soon", None))])
async def test_what_a_token_server_says_of_their_end_need_not_be_true(fleet: Fleet, said: dict[str, Any]) -> None:
    fleet.guarded.tokens.said = said

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    await fleet.check()


async def test_tokens_that_have_ended_before_they_are_used_are_no_access(fleet: Fleet) -> None:
    """As it is where the clocks of the token server and of the registry differ by hours."""
    fleet.guarded.tokens.life_s = -3600.0

    signed = fleet.sign()

    assert signed.exit_code == 4, signed.stdout + signed.stderr
    assert {failure["code"] for failure in signed.json["data"]["failures"]} == {"unauthorized"}
    fleet.guarded.tokens.life_s = 300.0
    assert fleet.sign().exit_code == 0
    await fleet.check()


async def test_a_401_in_the_middle_of_a_run_is_answered_with_a_new_token(fleet: Fleet) -> None:
    scope = f"repository:{fleet.name}:pull,push"
    challenge = f'Bearer realm="{fleet.guarded.tokens.realm}",service="registry",scope="{scope}"'
    for method, path in (("POST", "/uploads/"), ("PUT", "/manifests/"), ("PUT", "/uploads/")):
        fleet.proxy.fail(Fault(method, path, status=401, headers={"WWW-Authenticate": challenge}, skip=3))

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    assert [fault.met for fault in fleet.proxy.faults] == [1, 1, 1]
    await fleet.check()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(status=500, times=None), "remote-fault"),
        (Fault(status=429, headers={"Retry-After": "86400"}, times=None), "rate-limited"),
        (Fault(reset=True, times=None), "unreachable"),
        (Fault(cut_at=20, times=None), "unreachable"),
        (Fault(end_at=20, times=None), "unexpected-answer"),
        (Fault(status=401, times=None), "unauthorized"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_token_server_that_fails_leaves_nobody_able_to_say(fleet: Fleet, fault: Fault, code: str) -> None:
    fleet.guarded.before_tokens.fail(replace(fault))

    signed = fleet.sign(UNDERCURRENT_NET_RETRIES="1")

    assert signed.exit_code == 4, signed.stdout + signed.stderr
    assert {failure["code"] for failure in signed.json["data"]["failures"]} == {code}
    fleet.guarded.before_tokens.faults.clear()
    assert fleet.sign().exit_code == 0
    await fleet.check()


async def test_a_token_server_that_stumbles_is_asked_again(fleet: Fleet) -> None:
    fleet.guarded.before_tokens.fail(Fault(status=503), Fault(reset=True), Fault(status=429), Fault(cut_at=10))

    signed = fleet.sign()

    assert signed.exit_code == 0, signed.stdout + signed.stderr
    await fleet.check()
