"""Questions as people write them, and what two answers have in common."""

import pytest

from undercurrent.errors import UsageError
from undercurrent.hardening.proving.nouns import Answer
from undercurrent.hardening.proving.probes import NOTHING, Probe, compared, fitted, parse_probe
from undercurrent.hardening.proving.seen import Seen


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        ("http://:8080/", Probe("http", 8080)),
        ("http://localhost:80/a?b=1", Probe("http", 80, "/a?b=1")),
        ("http:///health", Probe("http", None, "/health")),
        ("http:", Probe("http")),
        ("tcp:5432", Probe("tcp", 5432)),
        ("tcp://:5432", Probe("tcp", 5432)),
        ("tcp:", Probe("tcp")),
        ("tcp:6379?send=PING%0D%0A", Probe("tcp", 6379, send=b"PING\r\n")),
        ("exec:redis-cli -p '1 2'", Probe("exec", command=("redis-cli", "-p", "1 2"))),
        ("none", NOTHING),
    ],
)
def test_probes_are_read(text: str, probe: Probe) -> None:
    assert parse_probe(text) == probe


@pytest.mark.parametrize(
    "text",
    [
        *("", "https://:1/", "http://example.com/", "http://:99999/", "http://:x/", "http://:1/\n", "tcp:0", "tcp:x"),
        *("tcp:1?sand=1", "exec:", "exec:'", "none:1", "http://:1/a b", "http://[", "http://:1/é"),
    ],
)
def test_what_is_no_probe_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no probe"):
        parse_probe(text)


def test_a_port_comes_from_the_image() -> None:
    assert fitted(parse_probe("http:///x"), ("8080/tcp",)) == Probe("http", 8080, "/x")
    assert fitted(None, ("53/udp", "9090/tcp", "8080")) == Probe("tcp", 8080)
    assert fitted(None, ("53/udp",)) == NOTHING
    assert fitted(Probe("tcp", 1), ("2/tcp",)) == Probe("tcp", 1)
    with pytest.raises(UsageError, match="exposes 2"):
        fitted(Probe("http"), ("1/tcp", "2/tcp"))


PAGE = Answer(
    ok=True, seen=Seen("200 text/html 5 bytes"), parts={"status": "200", "type": "text/html", "body": "sha256:a"}
)


def test_the_same_answer_is_good_and_another_one_is_not() -> None:
    probe = Probe("http", 80)
    other = Answer(ok=True, seen=Seen("x"), parts={**PAGE.parts, "status": "403"})

    assert compared(PAGE, PAGE, probe).ok
    assert str(compared(PAGE, PAGE, probe).seen).endswith("(= before: status, type, body)")
    assert str(compared(PAGE, other, probe).seen) == "http://:80/: status: 200 → 403"
    assert not compared(PAGE, Answer(ok=False, error=Seen("Connection refused")), probe).ok


def test_a_body_that_changes_by_itself_is_not_compared() -> None:
    moving = Answer(ok=True, seen=Seen("200"), parts={**PAGE.parts, "body": "sha256:b"}, steady=False)

    assert compared(moving, PAGE, Probe("http", 80)).ok
    assert not compared(Answer(ok=True, parts=moving.parts), PAGE, Probe("http", 80)).ok, "both were steady"


def test_an_error_of_a_server_proves_something_only_if_it_was_there_before() -> None:
    broken = Answer(ok=True, seen=Seen("502"), parts={"status": "502"})

    assert not compared(None, broken, Probe("http", 80)).ok
    assert compared(broken, broken, Probe("http", 80)).ok
