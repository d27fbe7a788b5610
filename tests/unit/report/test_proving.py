"""A proof as people read it, in their language, and as programs do, in none."""

import json

from undercurrent.hardening.proving import Built, Check, Conditions, Proof, Verdict
from undercurrent.hardening.proving.checks import Observation, looked_at
from undercurrent.hardening.proving.judging import judged
from undercurrent.hardening.proving.nouns import Answer
from undercurrent.hardening.proving.probes import Probe
from undercurrent.hardening.proving.procfs import SETS, Mount, Process
from undercurrent.hardening.proving.running import Patience, Run
from undercurrent.hardening.proving.seen import Seen
from undercurrent.i18n import speaking
from undercurrent.report.model import Table
from undercurrent.report.proving import view

IMAGE = Built("sha256:1", name="app", user="10001")
PROCESS = Process(1, "app", (10001,) * 4, (10001,) * 4, (), dict.fromkeys(SETS, 0), no_new_privileges=True, seccomp=2)
ROOT = Mount("/", "overlay", "overlay", frozenset({"ro"}), frozenset({"rw"}))
DATA = Mount("/data", "tmpfs", "tmpfs", frozenset({"rw"}), frozenset({"rw"}))
LOOK = Observation((PROCESS,), (ROOT, DATA), 1024)
PAGE = Answer(
    ok=True,
    seen=Seen("{status} {type} {bytes} bytes", {"status": 200, "type": "text/html", "bytes": 5}),
    parts={"status": "200", "body": "sha256:a"},
)


def proof() -> Proof:
    run = Run(Conditions(), PAGE, LOOK, stayed=True, again=PAGE)
    checks = judged(IMAGE, run, run, Probe("http", 8080), Patience())
    return Proof(Verdict.FAILED, IMAGE, IMAGE, Conditions(user="10001:10001"), tuple(checks))


def seen(proof: Proof) -> list[str]:
    table = next(block for block in view(proof).blocks if isinstance(block, Table))
    return [str(row[2]) for row in table.rows]


def test_what_was_seen_is_told_in_the_readers_language() -> None:
    english = seen(proof())
    with speaking("zh"):
        chinese = seen(proof())

    assert "10001:10001 (1 thread)" in english
    assert "/data; not declared: /data" in english
    assert "10001:10001（1 个线程）" in chinese
    assert "/data；未声明：/data" in chinese
    assert "http://:8080/：200 text/html 5 字节（与之前相同：status、body）" in chinese
    assert "2 秒" in chinese
    for text in chinese:
        assert not {"thread", "bytes", "before", "declared"} & set(text.replace(":", " ").split()), text


def test_programs_get_the_same_in_every_language() -> None:
    english = json.dumps(view(proof()).data)
    with speaking("zh"):
        assert json.dumps(view(proof()).data) == english


def test_programs_get_the_values_beside_the_words() -> None:
    facts = {check["name"]: check["facts"] for check in view(proof()).data["checks"]}

    assert facts["user"] == {"users": ["10001:10001"], "threads": 1}
    assert facts["capabilities"] == {"held": [], "sets": dict.fromkeys(SETS, "0" * 16)}
    assert facts["read-only-root"] == {"kind": "overlay", "mode": "ro", "options": ["ro"], "super_options": ["rw"]}
    assert facts["writable-paths"] == {"paths": ["/data"], "undeclared": ["/data"]}
    assert facts["low-ports"] == {"start": 1024}
    assert facts["probe"]["answer"] == {"status": 200, "type": "text/html", "bytes": 5}
    assert facts["stays-up"] == {"seconds": 2.0}


def test_a_process_that_is_root_is_named() -> None:
    helper = Process(2, "helper", (0,) * 4, (0,) * 4, (), PROCESS.capabilities, no_new_privileges=None, seccomp=None)
    observation = Observation((PROCESS, helper), ())

    check: Check = next(one for one in looked_at(observation, Conditions()) if one.name == "user")

    with speaking("zh"):
        assert check.seen.shown() == "0:0、10001:10001（2 个线程）：helper 的 uid 为 0/0/0/0"
