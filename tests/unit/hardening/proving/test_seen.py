"""What was seen is kept in one language, and read in two."""

from undercurrent.hardening.proving.seen import Seen
from undercurrent.i18n import speaking

ROOT = Seen("{name} is uid {uids}", {"name": "app", "uids": "0/0/0/0"})
USERS = Seen("{users} ({threads} threads): {root}", {"users": ["0:0", "33:33"], "threads": 2, "root": [ROOT]})


def test_evidence_is_english_whatever_is_spoken() -> None:
    with speaking("zh"):
        assert str(USERS) == "0:0, 33:33 (2 threads): app is uid 0/0/0/0"


def test_people_read_it_in_their_language() -> None:
    with speaking("zh"):
        assert USERS.shown() == "0:0、33:33（2 个线程）：app 的 uid 为 0/0/0/0"
    assert USERS.shown() == str(USERS)


def test_programs_read_the_values() -> None:
    assert USERS.facts() == {
        "users": ["0:0", "33:33"],
        "threads": 2,
        "root": [{"name": "app", "uids": "0/0/0/0"}],
    }
    assert Seen("{answer}", {"answer": Seen("up"), "sets": {"CapEff": "0"}}).facts() == {
        "answer": "up",
        "sets": {"CapEff": "0"},
    }


def test_the_systems_reasons_are_translated_and_a_programs_words_stay() -> None:
    with speaking("zh"):
        assert Seen("Connection refused").shown() == "拒绝连接"
        assert Seen("panic: {oops} %s").shown() == "panic: {oops} %s"
        assert Seen("{said}", {"said": "{oops}"}).shown() == "{oops}"


def test_nothing_was_seen() -> None:
    assert not Seen()
    assert (str(Seen()), Seen().shown(), Seen().facts()) == ("", "", {})
