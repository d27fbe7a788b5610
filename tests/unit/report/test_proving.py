"""A proof as people read it, in their language, and as programs do, in none."""

import json
from dataclasses import replace

from undercurrent.hardening.proving import Built, Check, Conditions, Proof, Verdict
from undercurrent.hardening.proving.checks import Observation, looked_at
from undercurrent.hardening.proving.judging import judged
from undercurrent.hardening.proving.nouns import Answer, FailedCall, Writable
from undercurrent.hardening.proving.probes import Probe
from undercurrent.hardening.proving.procfs import SETS, Mount, Process
from undercurrent.hardening.proving.running import Patience, Run
from undercurrent.hardening.proving.seen import Seen
from undercurrent.i18n import speaking
from undercurrent.report.human import human
from undercurrent.report.model import Table
from undercurrent.report.proving import view

IMAGE = Built("sha256:1", name="app", user="10001")
PROCESS = Process(1, "app", (10001,) * 4, (10001,) * 4, (), dict.fromkeys(SETS, 0), no_new_privileges=True, seccomp=2)
ROOT = Mount("/", "overlay", "overlay", frozenset({"ro"}), frozenset({"rw"}))
DATA = Mount("/data", "tmpfs", "tmpfs", frozenset({"rw"}), frozenset({"rw"}))
LOOK = Observation((PROCESS,), (ROOT, DATA), 1024)
BIND = "CAP_NET_BIND_SERVICE"
UNASKED = Conditions(user="10001:10001")
PAGE = Answer(
    ok=True,
    seen=Seen("{status} {type} {bytes} bytes", {"status": 200, "type": "text/html", "bytes": 5}),
    parts={"status": "200", "body": "sha256:a"},
)


def proof(conditions: Conditions = UNASKED, verdict: Verdict = Verdict.FAILED) -> Proof:
    run = Run(conditions, PAGE, LOOK, stayed=True, again=PAGE)
    checks = judged(IMAGE, run, run, Probe("http", 8080), Patience())
    return Proof(verdict, IMAGE, IMAGE, conditions, tuple(checks))


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


def test_a_port_that_anybody_may_have_is_told_wherever_the_rest_is() -> None:
    told = proof(replace(UNASKED, lowest_port=80, writable=(Writable("/data"),)), Verdict.ROOTLESS)

    shown = human(view(told))

    assert "--sysctl net.ipv4.ip_unprivileged_port_start=80 --tmpfs /data" in " ".join(shown.split())
    assert "ports below 80" in shown
    assert "on a read-only root; anybody may listen from port 80 on there" in " ".join(shown.split())
    assert view(told).data["conditions"]["lowest_port"] == 80


def test_a_capability_that_it_keeps_is_in_the_verdict() -> None:
    told = human(view(proof(replace(UNASKED, capabilities=("CAP_CHOWN",)), Verdict.ROOTLESS)))

    assert "app runs without root and on a read-only root, with CAP_CHOWN" in " ".join(told.split())


def test_what_only_lacks_a_port_is_told_how_it_runs() -> None:
    call = FailedCall("bind(3<TCP>, {sa_family=AF_INET, sin_port=htons(80)}, 16)", "EACCES", capability=BIND)
    told = human(view(replace(proof(verdict=Verdict.ROOT), failed_call=call, needed=(BIND,), lowest_port=80)))

    assert "it runs without root where anybody may listen from port 80 on: --lowest-port 80" in " ".join(told.split())
