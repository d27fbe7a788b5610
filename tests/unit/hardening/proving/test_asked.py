"""What people write about a proof is read, or refused with what to write instead."""

from collections.abc import Callable

import pytest

from undercurrent.errors import UsageError
from undercurrent.hardening.proving import asked
from undercurrent.hardening.proving.nouns import Writable


def test_users_that_are_not_root() -> None:
    assert [asked.user_of(text) for text in ("", "10001", "10001:0", "app:web")] == ["", "10001", "10001:0", "app:web"]


@pytest.mark.parametrize("text", ["0", "0:0", "00", "root", "root:app", "a b", "1:2:3", "-1", "1\n"])
def test_root_is_no_user_to_prove_with(text: str) -> None:
    with pytest.raises(UsageError, match="cannot run as"):
        asked.user_of(text)


def test_paths() -> None:
    assert asked.tmpfs_of("/tmp") == Writable("/tmp")
    assert asked.tmpfs_of("/run/:exec,size=16m,uid=5") == Writable("/run", options="exec,size=16m,uid=5")
    assert asked.volume_of("/var/lib/app") == Writable("/var/lib/app", lasting=True)


@pytest.mark.parametrize("text", ["", "/", "run", "/a/../b", "/a:suid", "/a:dev", "/a:mode=99", "/a,b", "/a\x1b[1m"])
def test_what_no_tmpfs_can_be(text: str) -> None:
    with pytest.raises(UsageError):
        asked.tmpfs_of(text)


@pytest.mark.parametrize("text", ["host", "container:abc", "ns:/proc/1/ns/net", "", "--x"])
def test_the_network_of_the_host_is_none_to_prove_in(text: str) -> None:
    with pytest.raises(UsageError, match="network"):
        asked.network_of(text)
    assert asked.network_of("backend") == "backend"


def test_variables_and_words() -> None:
    assert asked.environment_of(["A=1=2", "TOKEN"]) == {"A": "1=2", "TOKEN": None}
    assert asked.words_of('a "b c"') == asked.words_of('["a", "b c"]') == ("a", "b c")
    assert asked.capability_of("net_raw") == asked.capability_of("CAP_NET_RAW") == "CAP_NET_RAW"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda text: asked.environment_of([text]), "=x"),
        (asked.words_of, "a 'b"),
        (asked.words_of, "[1]"),
        (asked.words_of, "[x"),
        (asked.capability_of, "ALL"),
        (asked.capability_of, "net raw"),
    ],
)
def test_what_is_nothing_of_the_kind(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(UsageError):
        read(text)
